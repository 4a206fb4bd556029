// SPDX-License-Identifier: Apache-2.0
/*
 * The policy for fetches from other servers: which addresses are allowed, and within which limits.
 * Contract 05, "SSRF".
 */
#ifndef RC_REMOTE_REMOTE_H
#define RC_REMOTE_REMOTE_H

#include <stdbool.h>

#include <apr_tables.h>
#include <apr_time.h>

#include "base/work.h"

/* Where the commits of a repository came from, for types whose repositories continue one remote. */
typedef struct rc_origin_t {
    const char *id;    /* of the remote repository; NULL: nothing was fetched, or the type needs
                          none */
    apr_int64_t count; /* commits that were fetched from it */
} rc_origin_t;

typedef struct rc_remote_policy_t {
    const apr_array_header_t
        *schemes;                /* of const char *, lower case: http, https, git, ssh, svn, file */
    bool private_addresses;      /* loopback, private and link-local addresses are allowed */
    apr_interval_time_t timeout; /* for the whole operation */
    apr_off_t max_size;          /* bytes of one fetch; 0 = no limit */
    const char *work_dir;        /* <root>/.rc_tmp: quarantines are created in it */
    const char *forbidden;       /* <root>: file remotes below it are rejected; NULL = none are */
    const rc_work_t *work;       /* stops work for a client that has disconnected; may be NULL */
    /* Called when everything has arrived, before it is published; an error ends the fetch without
     * a change. May be NULL. */
    rc_err_t *(*confirm)(void *baton);
    void *confirm_baton;
    /* What was fetched before, replaced by a fetch; NULL: nothing is known, nor to be kept. */
    rc_origin_t *origin;
    int lock; /* descriptor of the repository's write lock, which a child keeps when we die; 0 =
                 none */
} rc_remote_policy_t;

/** Returns @a url, in @a pool, with its password replaced by *****, for readers and logs. In an
 * HTTP URL with a user but no password the user is replaced: that is a token. */
const char *rc_remote_mask(const char *url, apr_pool_t *pool);

/** True when @a url carries a password. */
bool rc_remote_has_password(const char *url, apr_pool_t *pool);

#endif
