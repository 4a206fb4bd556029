// SPDX-License-Identifier: Apache-2.0
/*
 * From which addresses other servers' repositories may be fetched, and within which limits.
 * Contract 05, "SSRF".
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
    int lock; /* descriptor of the repository's write lock, which a child keeps when we die; 0 =
                 none */
} rc_remote_policy_t;

/** @a url with its password, if any, replaced by ***** (for readers and for logs), or the user of
 * an HTTP URL without one: that is a token. In @a pool. */
const char *rc_remote_mask(const char *url, apr_pool_t *pool);

/** True when @a url carries a password. */
bool rc_remote_has_password(const char *url, apr_pool_t *pool);

#endif
