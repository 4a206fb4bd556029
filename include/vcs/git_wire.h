// SPDX-License-Identifier: Apache-2.0
/*
 * What a git repository says to git clients: which references it has, and which program serves a
 * fetch or a push. The rules are of docs/contract/06-git-http.md §5 and §6. Repositories of other
 * types must not be passed.
 */
#ifndef RC_VCS_GIT_WIRE_H
#define RC_VCS_GIT_WIRE_H

#include <stdbool.h>

#include <apr_tables.h>

#include "base/process.h"
#include "vcs/vcs.h"

typedef enum { RC_UPLOAD_PACK, RC_RECEIVE_PACK } rc_wire_service_t;

/** Returns the name of a service in URLs and media types: "git-upload-pack". */
const char *rc_wire_service_name(rc_wire_service_t service);

/** Returns the name of the branch that the full reference name @a ref is of, inside @a ref; NULL
 * when it is no branch. */
const char *rc_wire_branch(const char *ref);

/** Returns the full reference name of a branch. */
const char *rc_wire_branch_ref(const char *name, apr_pool_t *pool);

/** The same as rc_wire_branch for a tag. */
const char *rc_wire_tag(const char *ref);

/** Returns whether clients neither see nor may change the reference @a ref. */
bool rc_wire_is_hidden(const char *ref);

/** Returns the version (0, 1, 2) that a client asks for in the header Git-Protocol (NULL: none):
 * the highest one that the header names, 0 when the header is malformed (contract 06 §4). */
int rc_wire_version(const char *header);

/* A program that serves one POST. */
typedef struct rc_wire_program_t {
    rc_wire_service_t service;
    int version;          /* of the protocol: 0, 1, 2 */
    const char *path;     /* of the repository */
    const char *home;     /* an empty directory of ours */
    apr_off_t max_input;  /* bytes of a pushed pack; 0 = no limit */
    apr_off_t max_memory; /* bytes of memory of each process; 0 = no limit */
    apr_time_t deadline;  /* rc_clock() */
} rc_wire_program_t;

/**
 * Sets @a proc up to run git for @a program: arguments, environment, directory and limits. The
 * caller sets input, output, lock and check. All settings are ours: what the repository's own
 * config says of programs and of serving has no effect. Memory in @a pool.
 */
void rc_wire_program(rc_proc_t *proc, const rc_wire_program_t *program, apr_pool_t *pool);

/**
 * Returns the packet that tells the client why git upload-pack rejected its request, in @a pool, if
 * @a text, which git printed, says so; else NULL: it failed for another reason, or has told the
 * client itself.
 */
const char *rc_wire_rejection(const char *text, apr_pool_t *pool);

/* The functions below read from one snapshot of all references, as other functions of a handle do
 * (rc_vcs_refresh). They start no process when this process has read the references before and file
 * times show no change. References below refs/pull and refs/rc are hidden. */

/**
 * Appends the advertisement of @a service: what follows the lines "# service=..." and 0000, byte
 * for byte what git prints with the settings of rc_wire_program. Pushes have no version 2: it is
 * answered as 0. @a home as above: git is asked there for its capabilities, once per process.
 */
rc_err_t *rc_wire_advertise(rc_spool_t *spool, rc_vcs_t *vcs, rc_wire_service_t service,
                            int version, const char *home, apr_pool_t *scratch);

/* The arguments of the command ls-refs of protocol version 2. */
typedef struct rc_wire_ls_refs_t {
    bool peel, symrefs, unborn;
    const apr_array_header_t *prefixes; /* of const char *; empty or NULL: all references. At most
                                           65,535: with more of them git sends all, too */
} rc_wire_ls_refs_t;

/** Appends the answer to ls-refs, with the flush at its end. */
rc_err_t *rc_wire_ls_refs(rc_spool_t *spool, rc_vcs_t *vcs, const rc_wire_ls_refs_t *request,
                          apr_pool_t *scratch);

/** Sets *@a state to a fingerprint of everything that is advertised, in @a pool. It differs as soon
 * as a reference, the object that it leads to, HEAD or a border of a shallow history differs. */
rc_err_t *rc_wire_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool);

/** Returns whether the repository has all objects @a ids (const char *): git serves whatever is
 * there, also when no reference leads to it any more. */
bool rc_wire_has(const rc_vcs_t *vcs, const apr_array_header_t *ids);

/**
 * Points HEAD at the branch @a wanted (a full name), durably, if HEAD names a branch that does not
 * exist and @a wanted does. Sets *@a branch to its short name; NULL when nothing was changed. Takes
 * a new snapshot.
 */
rc_err_t *rc_wire_set_head(const char **branch, rc_vcs_t *vcs, const char *wanted,
                           apr_pool_t *pool);

#endif
