// SPDX-License-Identifier: Apache-2.0
/*
 * Removes the credentials of a remote from what programs print about it.
 */
#include "remote/address.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_strings.h>

#define MASK "*****"

const char *rc_remote_basic(const rc_remote_url_t *url, apr_pool_t *pool)
{
    const char *plain;
    char *encoded;

    if (!url->user || !url->host || strncmp(url->scheme, "http", 4) != 0)
        return NULL;
    plain = apr_pstrcat(pool, url->user, ":", url->password ? url->password : "", NULL);
    encoded = apr_palloc(pool, (apr_size_t)apr_base64_encode_len((int)strlen(plain)));
    apr_base64_encode(encoded, plain, (int)strlen(plain));
    return encoded;
}

/* Replaces every @a secret in @a text. */
static const char *hide(const char *text, const char *secret, apr_pool_t *pool)
{
    apr_size_t len = secret ? strlen(secret) : 0;
    char *result, *to;

    if (len == 0 || !strstr(text, secret))
        return text;
    result = to = apr_palloc(pool, strlen(text) * (sizeof(MASK) - 1) + 1);
    while (*text) {
        if (strncmp(text, secret, len) == 0) {
            to = apr_cpystrn(to, MASK, sizeof(MASK));
            text += len;
        } else
            *to++ = *text++;
    }
    *to = '\0';
    return result;
}

/* Replaces control characters, also those above ASCII (U+0080 to U+009F), which terminals obey. */
static void defuse(char *p)
{
    for (; *p; p++) {
        unsigned char c = (unsigned char)*p, next = (unsigned char)p[1];

        if (c < ' ' || c == 0x7f)
            *p = c == '\n' || c == '\r' ? ';' : '?';
        else if (c == 0xc2 && next >= 0x80 && next < 0xa0)
            p[0] = p[1] = '?';
    }
}

const char *rc_remote_scrub(const char *text, const rc_remote_url_t *url, apr_size_t max,
                            apr_pool_t *pool)
{
    const char *basic = rc_remote_basic(url, pool);
    char *line;
    apr_size_t len;

    text = hide(text, basic, pool);
    text = hide(text, url->password, pool);
    if (basic && !url->password) /* a user alone is a token */
        text = hide(text, url->user, pool);
    len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        len--;
    line = apr_pstrmemdup(pool, text, len);
    defuse(line);
    return len > max ? line + len - max : line;
}
