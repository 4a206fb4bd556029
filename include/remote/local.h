// SPDX-License-Identifier: Apache-2.0
/*
 * Checks what a file remote leads to. The back end knows which directories its programs read; each
 * of them is checked here.
 */
#ifndef RC_REMOTE_LOCAL_H
#define RC_REMOTE_LOCAL_H

#include <apr_tables.h>

#include "remote/address.h"

typedef struct rc_local_t {
    const rc_remote_url_t *url;
    const char *forbidden;            /* the repository root, resolved */
    const apr_array_header_t *mounts; /* of this machine */
    apr_time_t deadline;
    apr_pool_t *pool;
} rc_local_t;

/** Prepares checks for the remote @a url, in @a pool; *@a out is NULL when it is on another
 * machine, or when @a policy forbids no directory. */
rc_err_t *rc_local_begin(rc_local_t **out, const rc_remote_policy_t *policy,
                         const rc_remote_url_t *url, apr_time_t deadline, apr_pool_t *pool);

/** Returns the error RC_E_FAILED: the remote, and @a what is wrong with it. */
rc_err_t *rc_local_refuse(const rc_local_t *look, const char *what);

/** Resolves symbolic links in @a path; *@a real is NULL when it leads nowhere. RC_E_FAILED when it
 * leads below the repository root. */
rc_err_t *rc_local_resolve(const char **real, const rc_local_t *look, const char *path);

/** Checks everything below @a folder: links, mounts, special and unreadable files. */
rc_err_t *rc_local_check_tree(const rc_local_t *look, const char *folder);

#endif
