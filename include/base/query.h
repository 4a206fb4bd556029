// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the parameters of a query string, as a client sent it.
 */
#ifndef RC_BASE_QUERY_H
#define RC_BASE_QUERY_H

#include <apr_pools.h>

/** Returns the decoded value of the query parameter @a name in @a pool: the first that is not
 * empty, else "" if the parameter exists, else NULL. @a query may be NULL. */
const char *rc_query_parameter(const char *query, const char *name, apr_pool_t *pool);

/** Returns the value of the first of @a names (NULL at the end; or NULL) whose value is not empty,
 * in @a pool; NULL when there is none. */
const char *rc_query_first(const char *query, const char *const *names, apr_pool_t *pool);

#endif
