// SPDX-License-Identifier: Apache-2.0
/*
 * Fetching from other servers: which addresses may be asked, and the work itself, done by git in
 * a child process with a clean environment, limits and a deadline. Contract 05, "SSRF".
 */
#ifndef RC_REMOTE_REMOTE_H
#define RC_REMOTE_REMOTE_H

#include <stdbool.h>

#include <apr_tables.h>
#include <apr_time.h>

#include "base/work.h"

typedef struct rc_remote_policy_t {
    const apr_array_header_t
        *schemes;                /* of const char *, lower case: http, https, git, ssh, file */
    bool private_addresses;      /* loopback, private and link-local addresses are fine */
    apr_interval_time_t timeout; /* for the whole operation */
    apr_off_t max_size;          /* bytes of one fetch; 0 = no limit */
    const char *work_dir;        /* <root>/.rc_tmp: quarantines are made in it */
    const char *forbidden;       /* <root>: no file remote is below it; NULL = none is forbidden */
    const rc_work_t *work;       /* ends what is done for a client that has gone; may be NULL */
    int lock; /* descriptor of the repository's write lock; git keeps it when we die; 0 = none */
} rc_remote_policy_t;

/**
 * May @a url be fetched from? Checks form, scheme and every address its host has now, which takes
 * bounded time. NULL = yes; RC_E_FAILED says why not (its detail never holds the URL's
 * credentials).
 */
rc_err_t *rc_remote_check(const rc_remote_policy_t *policy, const char *url, apr_pool_t *pool);

/** @a url with its password, if any, replaced by ***** (for readers and for logs), or the user of
 * an HTTP URL without one: that is a token. In @a pool. */
const char *rc_remote_mask(const char *url, apr_pool_t *pool);

/** True when @a url carries a password. */
bool rc_remote_has_password(const char *url, apr_pool_t *pool);

/**
 * Fetches all branches and tags of @a url over those of the bare git repository at @a path. With
 * @a set_head the repository's HEAD follows the remote's (after a clone). Objects arrive in a
 * quarantine and are moved in only when complete; references change all or none. Refusals,
 * time-outs and failures of the other side are RC_E_FAILED. The caller holds the repository's write
 * lock. Needs git 2.37. ssh uses the keys and known hosts of the server's user, and only known
 * hosts.
 */
rc_err_t *rc_remote_fetch(const rc_remote_policy_t *policy, const char *path, const char *url,
                          bool set_head, apr_pool_t *pool);

#endif
