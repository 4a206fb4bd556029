// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one git command of a fetch.
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
    apr_pool_t *scratch; /* ends with the fetch; its files are closed then */
    rc_ref_list_t ours;  /* the repository's branches and tags before the fetch */
    int asked, redirects;
} rc_git_fetch_t;

/* The options of a step, besides its arguments. */
typedef struct rc_git_step_t {
    const char *what; /* for messages */
    const char *const *env;
    apr_file_t *in, *out; /* NULL = no input; output is used for messages */
    bool ours;            /* no data of the remote: no limits, and a failure is an internal error */
    bool progress;        /* its messages say how far it is, if somebody wants to know */
    bool lists;           /* its output is a list of references */
    bool commits;         /* changes the repository: not stopped by the deadline */
} rc_git_step_t;

/** Runs @a argv (terminated by NULL) in the quarantine. RC_E_FAILED with git's messages when the
 * remote fails, takes too long or sends too much; RC_E_GONE when the client has disconnected. */
rc_err_t *rc_git_step_run(const rc_git_fetch_t *fetch, const rc_git_step_t *step,
                          const char *const *argv);

/** Returns the environment of a command on @a git_dir that does not contact the remote. */
const char *const *rc_git_step_env(const rc_git_fetch_t *fetch, const char *git_dir);

/** Returns the environment of a command that contacts the remote. */
const char *const *rc_git_step_remote_env(const rc_git_fetch_t *fetch);

/** Creates the file @a name in the quarantine, for output that is read back or passed to git.
 * Closed with fetch->scratch. */
rc_err_t *rc_git_step_file(apr_file_t **file, const rc_git_fetch_t *fetch, const char *name);

/** True while the received data does not exceed the policy's limit. */
bool rc_git_step_within(const rc_git_fetch_t *fetch);
rc_err_t *rc_git_step_too_large(const rc_git_fetch_t *fetch);

/* --- fetch_head.c --- */

/** Sets HEAD to one of the published branches: @a remote (may be NULL) if it is one, else the
 * branch of the current HEAD, main, master, or the first one. */
rc_err_t *rc_git_fetch_head(const rc_git_fetch_t *fetch, const rc_publish_t *publish,
                            const char *remote);

#endif
