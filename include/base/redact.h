// SPDX-License-Identifier: Apache-2.0
/*
 * Takes API keys out of texts that clients sent, before they are logged or handed to other
 * programs. Every log line, header and variable goes through these functions.
 *
 * A key is the value behind a name such as api_key or auth_token: in any case, with "-" or "_" or
 * without, quoted or not, percent-encoded any number of times. It stands as *** in the result. All
 * functions are linear, allocate at most once, and return @a text itself when it holds no key.
 */
#ifndef RC_BASE_REDACT_H
#define RC_BASE_REDACT_H

#include <apr_pools.h>

#define RC_HIDDEN "***"

/** For logs: a URL, a request line, a header, a message. */
const char *rc_redact(const char *text, apr_pool_t *pool);

/** For a query string that is still to be read: a value ends only where a parameter does. */
const char *rc_redact_query(const char *query, apr_pool_t *pool);

/** For a path that is still to be looked up, decoded or not: slashes stay, also "%2F". */
const char *rc_redact_path(const char *path, apr_pool_t *pool);

#endif
