// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and decodes the parameters of query strings.
 */
#include "base/query.h"

#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"

#define SEPARATORS "&;"

/* Decodes a part of a query, where "+" stands for a blank. */
static char *decode_query(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *plain = apr_pstrmemdup(pool, text, len), *p;

    for (p = plain; *p; p++)
        if (*p == '+')
            *p = ' ';
    return rc_hex_unescape(plain, len, pool);
}

const char *rc_query_parameter(const char *query, const char *name, apr_pool_t *pool)
{
    const char *found = NULL;
    apr_size_t len;

    for (; query && *query; query += len + (query[len] != '\0')) {
        apr_size_t name_len;
        const char *value;

        len = strcspn(query, SEPARATORS);
        name_len = strcspn(query, "=" SEPARATORS);
        if (strcmp(decode_query(query, name_len, pool), name))
            continue;
        value = name_len < len ? decode_query(query + name_len + 1, len - name_len - 1, pool) : "";
        if (*value)
            return value;
        found = value;
    }
    return found;
}

const char *rc_query_first(const char *query, const char *const *names, apr_pool_t *pool)
{
    const char *value = NULL;

    for (; query && names && *names && !(value && *value); names++)
        value = rc_query_parameter(query, *names, pool);
    return value && *value ? value : NULL;
}
