// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the URLs that pages link to.
 */
#include "page.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/hex.h"

const char *rc_page_base(const rc_request_t *request, apr_pool_t *pool)
{
    const char *host = request->base_url ? strstr(request->base_url, "://") : NULL;
    const char *path = host ? strchr(host + 3, '/') : NULL;
    apr_size_t len = path ? strlen(path) : 0;

    while (len && path[len - 1] == '/')
        len--;
    return len ? apr_pstrmemdup(pool, path, len) : "";
}

const char *rc_page_escape(const char *text, bool path, apr_pool_t *pool)
{
    char *url = apr_palloc(pool, 3 * strlen(text) + 1), *out = url;

    for (; *text; text++) {
        unsigned char c = (unsigned char)*text;

        if ((c < 0x80 && (apr_isalnum(c) || strchr("-._~:@,=$()*", c))) || (path && c == '/'))
            *out++ = *text;
        else
            out = rc_hex_escape(out, '%', *text);
    }
    *out = '\0';
    return url;
}

const char *rc_page_group_link(const rc_request_t *request, const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, rc_page_base(request, pool), "/?q=", rc_page_escape(name, false, pool),
                       "%2F", NULL);
}

const char *rc_page_link(const rc_view_call_t *call, const char *word, const char *rev,
                         const char *path, apr_pool_t *pool)
{
    const char *url = apr_pstrcat(pool, rc_page_base(call->request, pool), "/",
                                  rc_page_escape(call->repo->name, true, pool), NULL);

    if (!word)
        return url;
    if (!rev)
        return apr_pstrcat(pool, url, "/", word, NULL);
    rev = rc_page_escape(rev, false, pool);
    if (!path)
        return apr_pstrcat(pool, url, "/", word, "/", rev, NULL);
    return apr_pstrcat(pool, url, "/", word, "/", rev, "/", rc_page_escape(path, true, pool), NULL);
}

const char *rc_page_rev(const rc_view_call_t *call, const char *id)
{
    return !call->rev || !*call->rev ? "tip" : strchr(call->rev, '/') ? id : call->rev;
}
