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

static bool ends_name(char c)
{
    return c == '=' || c == '&' || c == ';' || !c;
}

/* Returns the end of the name at @a text, a part of a query, when it is @a name decoded; else NULL.
 * It takes no memory: the body of a form or of Mercurial's arguments can have millions of parts. */
static const char *behind_name(const char *text, const char *name)
{
    for (; !ends_name(*text); text++, name++) {
        int byte = *text == '%' ? rc_hex_percent(text) : -1;

        if (*name != (byte > 0 ? (char)byte : *text == '+' ? ' ' : *text))
            return NULL;
        text += byte > 0 ? 2 : 0;
    }
    return *name ? NULL : text;
}

const char *rc_query_parameter(const char *query, const char *name, apr_pool_t *pool)
{
    const char *found = NULL;
    apr_size_t len;

    for (; query && *query; query += len + (query[len] != '\0')) {
        const char *end = behind_name(query, name);

        len = strcspn(query, SEPARATORS);
        if (end && end + 1 < query + len)
            return decode_query(end + 1, (apr_size_t)(query + len - end) - 1, pool);
        if (end)
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
