// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what the files of a fetch share: fetch.c (the whole), ask.c (what the remote has),
 * program.c (runs Subversion's programs), shadow.c (where it is loaded), publish.c.
 */
#ifndef RC_VCS_SVN_FETCH_H
#define RC_VCS_SVN_FETCH_H

#include "remote/proxy.h"
#include "svn.h"

typedef struct rc_svn_fetch_t {
    const rc_remote_policy_t *policy;
    const rc_remote_url_t *url;
    const char *path;        /* of the repository */
    const char *dir;         /* everything of this fetch; removed at its end */
    const char *shadow;      /* the repository into which is loaded */
    const char *target;      /* the URL that the programs get; ask.c sets it to the root */
    rc_proxy_t *proxy;       /* NULL: the programs connect themselves, to an address */
    int dump;                /* descriptor of the file with what arrives; -1: none */
    svn_revnum_t base, head; /* the last revision here, and of the remote */
    const char *uuid;        /* of the remote */
    apr_time_t deadline;     /* on rc_clock() */
    apr_pool_t *pool;        /* the caller's: errors live in it */
    apr_pool_t *scratch;
} rc_svn_fetch_t;

/* -- program.c -- */

/* How a program is run, besides its arguments. */
typedef struct rc_svn_step_t {
    bool remote;        /* it connects to the remote */
    int in, out;        /* descriptors, or -1 */
    apr_off_t max_file; /* bytes of each file that it writes; 0: no limit */
} rc_svn_step_t;

/** Makes the settings of the programs in fetch->dir, and the proxy. */
rc_err_t *rc_svn_program_prepare(rc_svn_fetch_t *fetch);

/** Runs @a argv (ended by NULL); its first element is the program. RC_E_FAILED with the program's
 * messages when it fails, takes too long or gets too much; RC_E_GONE when the client has left. */
rc_err_t *rc_svn_program_run(rc_svn_fetch_t *fetch, const rc_svn_step_t *step,
                             const char *const *argv);

/** The same for a program that asks the remote; *@a answer is its output, in fetch->pool. */
rc_err_t *rc_svn_program_ask(const char **answer, rc_svn_fetch_t *fetch, const char *const *argv);

/* -- ask.c -- */

/** Sets uuid, head and target: the repository of the remote. RC_E_FAILED when the URL names a
 * folder of a repository, or leads elsewhere. */
rc_err_t *rc_svn_ask_remote(rc_svn_fetch_t *fetch);

/**
 * Checks that what the remote has continues what is here. @a origin: what was fetched before.
 * RC_E_FAILED when it is another repository, or this one has revisions of its own.
 */
rc_err_t *rc_svn_ask_continues(rc_svn_fetch_t *fetch, const rc_origin_t *origin, svn_fs_t *fs);

/* -- shadow.c -- */

/** Makes the shadow: a repository that shares all revisions with the one at fetch->path. What is
 * loaded into it does not change that one. */
rc_err_t *rc_svn_shadow_make(const rc_svn_fetch_t *fetch);

/** Returns the bytes that were loaded into the shadow. */
apr_off_t rc_svn_shadow_size(const rc_svn_fetch_t *fetch);

/* -- publish.c -- */

/** Moves the new revisions into the repository. They are visible by one rename, all or none.
 * RC_E_FAILED when somebody has committed there meanwhile. */
rc_err_t *rc_svn_publish(const rc_svn_fetch_t *fetch);

#endif
