// SPDX-License-Identifier: Apache-2.0
/*
 * Runs programs that fetch from a remote, or work on what has come from it, within the limits of
 * the policy. What they are told in secret comes by standard input: arguments can be seen by all
 * users of the machine.
 */
#ifndef RC_REMOTE_PROGRAM_H
#define RC_REMOTE_PROGRAM_H

#include "remote/proxy.h"

typedef struct rc_remote_program_t {
    const rc_remote_policy_t *policy;
    const rc_remote_url_t *url;
    rc_proxy_t *proxy;      /* is served meanwhile; NULL: none */
    const char *const *env; /* as of rc_proc_t */
    const char *dir;
    const char *input;  /* text on standard input; NULL: `in` */
    int in, out;        /* descriptors, or -1 */
    apr_off_t max_file; /* bytes of each file that it writes; 0: no limit */
    apr_off_t max_memory;
    apr_time_t deadline;            /* on rc_clock() */
    apr_off_t (*size)(void *baton); /* returns how many bytes came, as far as they are stored;
                                     * called once a second or less often. NULL: none are */
    void *baton;
} rc_remote_program_t;

/**
 * Runs @a argv (ended by NULL). RC_E_FAILED with the program's messages, without credentials, when
 * it fails, takes too long, gets more bytes than the policy allows, or was led elsewhere; RC_E_GONE
 * when the client has left. Errors live in @a pool.
 */
rc_err_t *rc_remote_run(const rc_remote_program_t *program, const char *const *argv,
                        apr_pool_t *pool);

/** Creates a directory for a fetch in policy->work_dir; *@a dir is resolved, in @a pool. */
rc_err_t *rc_remote_make_dir(const char **dir, const rc_remote_policy_t *policy, apr_pool_t *pool);

#endif
