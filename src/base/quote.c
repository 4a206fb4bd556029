// SPDX-License-Identifier: Apache-2.0
/*
 * Writes names as git prints them in patches (quote_c_style in its quote.c).
 */
#include "base/quote.h"

#include <stdbool.h>
#include <string.h>

#include <apr_strings.h>

/* Returns the letter of the short escape of @a c, 0 when it has none. */
static char short_escape(char c)
{
    static const char from[] = "\a\b\t\n\v\f\r\"\\", to[] = "abtnvfr\"\\";
    const char *at = c ? strchr(from, c) : NULL;

    return at ? to[at - from] : 0;
}

static bool special(char c)
{
    return (unsigned char)c < 0x20 || (unsigned char)c >= 0x7f || c == '"' || c == '\\';
}

const char *rc_quote(const char *prefix, const char *name, apr_pool_t *pool)
{
    const char *p;
    char *text, *out;

    for (p = name; *p && !special(*p); p++)
        ;
    if (!*p)
        return apr_pstrcat(pool, prefix, name, NULL);
    text = apr_palloc(pool, strlen(prefix) + 4 * strlen(name) + 3);
    *text = '"';
    out = apr_cpystrn(text + 1, prefix, strlen(prefix) + 1);
    for (p = name; *p; p++) {
        unsigned char c = (unsigned char)*p;

        if (!special(*p)) {
            *out++ = *p;
        } else if (short_escape(*p)) {
            *out++ = '\\';
            *out++ = short_escape(*p);
        } else {
            *out++ = '\\';
            *out++ = (char)('0' + (c >> 6));
            *out++ = (char)('0' + (c >> 3 & 7));
            *out++ = (char)('0' + (c & 7));
        }
    }
    *out++ = '"';
    *out = '\0';
    return text;
}
