// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and decodes the parameters of query strings.
 */
#include "base/query.h"

#include <stdbool.h>
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

/* Returns whether a part of a query is @a name when it is decoded. It takes no memory: the body of
 * a form or of Mercurial's arguments can have millions of parts. */
static bool is_name(const char *text, apr_size_t len, const char *name)
{
    const char *end = text + len;

    for (; text < end; text++, name++) {
        int byte = end - text > 2 ? rc_hex_percent(text) : -1;

        if (*name != (byte > 0 ? (char)byte : *text == '+' ? ' ' : *text))
            return false;
        text += byte > 0 ? 2 : 0;
    }
    return !*name;
}

const char *rc_query_parameter(const char *query, const char *name, apr_pool_t *pool)
{
    const char *found = NULL;
    apr_size_t len;

    for (; query && *query; query += len + (query[len] != '\0')) {
        apr_size_t name_len;

        len = strcspn(query, SEPARATORS);
        name_len = strcspn(query, "=" SEPARATORS);
        if (!is_name(query, name_len, name))
            continue;
        if (name_len + 1 < len)
            return decode_query(query + name_len + 1, len - name_len - 1, pool);
        found = "";
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
