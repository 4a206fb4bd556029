// SPDX-License-Identifier: Apache-2.0
/*
 * Replaces API keys by *** in texts from clients, before they are logged or passed to other
 * programs. Every log line, header and variable must pass through these functions.
 *
 * A key is the value after a name such as api_key or auth_token: in any case, with "-" or "_" or
 * without, quoted or not, percent-encoded any number of times. All functions are linear, allocate
 * at most once (in the pool), and return the text itself when it holds no key.
 */
#ifndef RC_BASE_REDACT_H
#define RC_BASE_REDACT_H

#include <apr_pools.h>

#define RC_HIDDEN "***"

/** Redacts a text for logs: a URL, a request line, a header, a message. */
const char *rc_redact(const char *text, apr_pool_t *pool);

/** Redacts a query string that is parsed afterwards: a value ends only with its parameter. */
const char *rc_redact_query(const char *query, apr_pool_t *pool);

/** Redacts a path that is parsed afterwards, decoded or not: slashes stay, also "%2F". */
const char *rc_redact_path(const char *path, apr_pool_t *pool);

#endif
