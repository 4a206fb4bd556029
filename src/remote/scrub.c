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

const char *rc_remote_scrub(const char *text, const rc_remote_url_t *url, apr_size_t max,
                            apr_pool_t *pool)
{
    const char *basic = rc_remote_basic(url, pool);
    char *line, *p;
    apr_size_t len;

    text = hide(text, basic, pool);
    text = hide(text, url->password, pool);
    if (basic && !url->password) /* a user alone is a token */
        text = hide(text, url->user, pool);
    len = strlen(text);
    while (len > 0 && text[len - 1] == '\n')
        len--;
    line = apr_pstrmemdup(pool, text, len);
    for (p = line; *p; p++)
        if ((unsigned char)*p < ' ' || *p == 0x7f)
            *p = *p == '\n' || *p == '\r' ? ';' : '?';
    return len > max ? line + len - max : line;
}
