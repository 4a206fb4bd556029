// SPDX-License-Identifier: Apache-2.0
/*
 * Writes Content-Disposition headers with the name of a download (RFC 6266): a quoted form without
 * characters that could end the quotes or the line, and the extended form of RFC 8187 where the
 * quoted form cannot hold the whole name.
 */
#include "view.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/text.h"

static bool is_control(unsigned char c)
{
    return c < 0x20 || c == 0x7f;
}

/* The form for old clients: each character outside of ASCII becomes one "_". */
static const char *quoted(const char *name, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 2 * strlen(name) + 1), *out = text;

    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;

        if (is_control(c) || c == '"' || (c & 0xc0) == 0x80)
            continue;
        if (c == '\\')
            *out++ = '\\';
        *out++ = c < 0x80 ? (char)c : '_';
    }
    *out = '\0';
    return text;
}

/* Percent-encoded UTF-8. */
static const char *extended(const char *name, apr_pool_t *pool)
{
    char *text = apr_palloc(pool, 3 * strlen(name) + 1), *out = text;

    for (; *name; name++) {
        unsigned char c = (unsigned char)*name;

        if (is_control(c) || c == '"')
            continue;
        if (c < 0x80 && (apr_isalnum(c) || strchr("!#$&+-.^_`|~", c))) {
            *out++ = (char)c;
        } else {
            out = rc_hex_escape(out, '%', *name);
        }
    }
    *out = '\0';
    return text;
}

/* Some clients also decode "%" in the quoted form; some take "\" as the end of a directory. */
static bool needs_extended(const char *name)
{
    for (; *name; name++)
        if ((unsigned char)*name >= 0x80 || *name == '%' || *name == '\\')
            return true;
    return false;
}

const char *rc_raw_attachment(const char *name, apr_pool_t *pool)
{
    const char *text;

    name = rc_utf8_repair(name, pool);
    text = apr_pstrcat(pool, "attachment; filename=\"", quoted(name, pool), "\"", NULL);
    if (!needs_extended(name))
        return text;
    return apr_pstrcat(pool, text, "; filename*=UTF-8''", extended(name, pool), NULL);
}
