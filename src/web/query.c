// SPDX-License-Identifier: Apache-2.0
/*
 * Query strings: reading parameters, and taking keys out of what will be logged.
 */
#include "web.h"

#include <string.h>
#include <strings.h>

#include <apr_lib.h>
#include <apr_strings.h>

#define HIDDEN     "***"
#define SEPARATORS "&;"

static int hex_value(char c)
{
    return apr_isdigit(c) ? c - '0' : apr_tolower(c) - 'a' + 10;
}

char *rc_web_unescape(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, len + 1), *to = out;
    const char *end = text + len;

    for (; text < end; text++) {
        int byte = 0;

        if (*text == '%' && end - text > 2 && apr_isxdigit(text[1]) && apr_isxdigit(text[2]))
            byte = hex_value(text[1]) * 16 + hex_value(text[2]);
        if (byte)
            text += 2;
        *to++ = byte ? (char)byte : *text;
    }
    *to = '\0';
    return out;
}

/* The same for a query, where "+" is a blank. */
static char *decode(const char *text, apr_size_t len, apr_pool_t *pool)
{
    char *plain = apr_pstrmemdup(pool, text, len), *p;

    for (p = plain; *p; p++)
        if (*p == '+')
            *p = ' ';
    return rc_web_unescape(plain, len, pool);
}

const char *rc_web_parameter(const char *query, const char *name, apr_pool_t *pool)
{
    const char *found = NULL;
    apr_size_t len;

    for (; query && *query; query += len + (query[len] != '\0')) {
        apr_size_t name_len;
        const char *value;

        len = strcspn(query, SEPARATORS);
        name_len = strcspn(query, "=" SEPARATORS);
        if (strcmp(decode(query, name_len, pool), name))
            continue;
        value = name_len < len ? decode(query + name_len + 1, len - name_len - 1, pool) : "";
        if (*value)
            return value;
        found = value;
    }
    return found;
}

const char *rc_web_query_key(const char *query, apr_pool_t *pool)
{
    const char *key;

    if (!query || !*query)
        return NULL;
    key = rc_web_parameter(query, "auth_token", pool);
    if (!key || !*key)
        key = rc_web_parameter(query, "api_key", pool);
    return key && *key ? key : NULL;
}

/*
 * May the parameter @a text hold a key? Wider than what we accept as one: a mistyped name
 * ("API_KEY", an escaped "=", a second "?") does not make the key less secret.
 */
static bool is_secret(const char *text, apr_size_t len, apr_pool_t *pool)
{
    const char *plain = decode(text, len, pool);

    return strcasestr(plain, "api_key=") || strcasestr(plain, "auth_token=");
}

/* Redacts each parameter; they are what stands between the @a separators. */
static const char *redact(const char *text, const char *separators, apr_pool_t *pool)
{
    const char *p = text, *copied = text, *out = NULL;
    apr_pool_t *scratch;
    apr_size_t len;

    if (!strpbrk(text, "=%")) /* no parameter with a value: nearly every API call */
        return text;
    apr_pool_create(&scratch, pool);
    for (; *p; p += len + (p[len] != '\0')) {
        apr_size_t keep;

        len = strcspn(p, separators);
        apr_pool_clear(scratch);
        if (!is_secret(p, len, scratch))
            continue;
        keep = strcspn(p, "=") + 1;
        out = apr_pstrcat(pool, out ? out : "",
                          apr_pstrmemdup(pool, copied, (apr_size_t)(p - copied)),
                          keep <= len ? apr_pstrmemdup(pool, p, keep) : "", HIDDEN, NULL);
        copied = p + len;
    }
    apr_pool_destroy(scratch);
    return out ? apr_pstrcat(pool, out, copied, NULL) : text;
}

const char *rc_web_redact(const char *text, apr_pool_t *pool)
{
    const char *question = strchr(text, '?');
    const char *path, *query, *clean_path, *clean_query;

    if (!question)
        return redact(text, SEPARATORS " \t#", pool);
    path = apr_pstrmemdup(pool, text, (apr_size_t)(question + 1 - text));
    query = question + 1;
    clean_path = redact(path, SEPARATORS " \t#", pool);
    clean_query = redact(query, SEPARATORS " \t#", pool);
    if (clean_path == path && clean_query == query)
        return text;
    return apr_pstrcat(pool, clean_path, clean_query, NULL);
}

const char *rc_web_redact_query(const char *query, apr_pool_t *pool)
{
    return redact(query, SEPARATORS, pool);
}
