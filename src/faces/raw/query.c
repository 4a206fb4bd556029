// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and decodes the parameters of query strings.
 */
#include "view.h"

#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"
#include "base/text.h"

#define SEPARATORS      "&;"
#define DEFAULT_CONTEXT 3 /* lines */
#define MAX_CONTEXT     100000

char *rc_raw_unescape(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1), *to = out;
    const char *end = text + len;

    for (; text < end; text++) {
        int byte = end - text > 2 ? rc_hex_percent(text) : -1;

        *to++ = byte > 0 ? (char)byte : *text; /* a NUL stays escaped */
        text += byte > 0 ? 2 : 0;
    }
    *to = '\0';
    return out;
}

/* The same for a query, where "+" stands for a blank. */
static char *decode_query(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *plain = apr_pstrmemdup(pool, text, len), *p;

    for (p = plain; *p; p++)
        if (*p == '+')
            *p = ' ';
    return rc_raw_unescape(plain, len, pool);
}

const char *rc_raw_parameter(const char *query, const char *name, apr_pool_t *pool)
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

const char *rc_raw_query_key(const char *query, apr_pool_t *pool)
{
    const char *key;

    if (!query || !*query)
        return NULL;
    key = rc_raw_parameter(query, "auth_token", pool);
    if (!key || !*key)
        key = rc_raw_parameter(query, "api_key", pool);
    return key && *key ? key : NULL;
}

int rc_raw_context_lines(const char *text)
{
    apr_int64_t lines;

    if (!text || !rc_text_int(&lines, text) || lines < 0)
        return DEFAULT_CONTEXT;
    return (int)(lines < MAX_CONTEXT ? lines : MAX_CONTEXT);
}
