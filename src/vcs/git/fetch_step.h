// SPDX-License-Identifier: Apache-2.0
/*
 * One git command of a fetch.
 */
#ifndef RC_VCS_GIT_FETCH_STEP_H
#define RC_VCS_GIT_FETCH_STEP_H

#include <apr_file_io.h>

#include "publish.h"
#include "remote/address.h"

typedef struct rc_git_fetch_t {
    const rc_remote_policy_t *policy;
    const rc_remote_url_t *url;
    const char *path; /* of the repository */
    const char *quarantine;
    apr_time_t deadline;
    apr_pool_t *pool;    /* the caller's: errors live in it */
    apr_pool_t *scratch; /* ends with the fetch, and closes its files */
    rc_ref_list_t ours;  /* the repository's branches and tags before */
    int asked, redirects;
} rc_git_fetch_t;

/* What a step needs beyond its arguments. */
typedef struct rc_git_step_t {
    const char *what; /* for messages */
    const char *const *env;
    apr_file_t *in, *out; /* NULL = nothing in, messages out */
    bool ours;            /* nothing of theirs in it: no limits, and a failure is our fault */
    bool lists;           /* what it writes is a list of references */
    bool commits;         /* changes the repository: not cut short */
} rc_git_step_t;

/** Runs @a argv (ended by NULL) in the quarantine. RC_E_FAILED with what git says when the other
 * side fails, takes too long or sends too much; RC_E_GONE when the client has gone. */
rc_err_t *rc_git_step_run(const rc_git_fetch_t *fetch, const rc_git_step_t *step,
                          const char *const *argv);

/** The environment of a command on @a git_dir, without anything of the remote in it. */
const char *const *rc_git_step_env(const rc_git_fetch_t *fetch, const char *git_dir);

/** The environment of a command that asks the remote. */
const char *const *rc_git_step_remote_env(const rc_git_fetch_t *fetch);

/** Makes the file @a name in the quarantine, to be read again or given to git. Closed with
 * fetch->scratch. */
rc_err_t *rc_git_step_file(apr_file_t **file, const rc_git_fetch_t *fetch, const char *name);
rc_err_t *rc_git_step_rewind(apr_file_t *file, const rc_git_fetch_t *fetch);

/** True while what has arrived is not larger than the policy allows. */
bool rc_git_step_within(const rc_git_fetch_t *fetch);
rc_err_t *rc_git_step_too_large(const rc_git_fetch_t *fetch);

/* --- fetch_head.c --- */

/** Makes HEAD name a branch of those that were published: @a remote (or NULL), else the one that
 * HEAD names now, main, master, or the first. */
rc_err_t *rc_git_fetch_head(const rc_git_fetch_t *fetch, const rc_publish_t *publish,
                            const char *remote);

#endif
