// SPDX-License-Identifier: Apache-2.0
/*
 * Decides which remotes may be fetched from, by scheme and address, and masks credentials in
 * addresses. url.c parses a URL, resolve.c resolves its host, address.c checks one network address.
 */
#include "remote/address.h"

#include <string.h>

#include <apr_strings.h>

#define MASK "*****"

/* ---- masking ---- */

static bool is_http(const char *url)
{
    return !strncasecmp(url, "http://", 7) || !strncasecmp(url, "https://", 8);
}

/* Finds the password in @a url: from @a *from up to @a *to. Works on any text, also on addresses
 * that are rejected, and rather masks too much than too little. A user without a password in an
 * HTTP URL is a token and counts as one. */
static bool find_password(const char **from, const char **to, const char *url)
{
    const char *sep = strstr(url, "://");
    const char *text = sep ? sep + 3 : url;
    const char *end = text + strcspn(text, "/?# \t\r\n");
    const char *at = memrchr(text, '@', (apr_size_t)(end - text));
    const char *colon = memchr(text, ':', (apr_size_t)((at ? at : end) - text));

    if (!colon && at && is_http(url)) {
        *from = text;
        *to = at;
        return at > text;
    }
    if (!colon || (!sep && memchr(text, '@', (apr_size_t)(colon - text))))
        return false; /* user@host:path, as scp writes it */
    if (!at && colon + 1 + strspn(colon + 1, "0123456789") < end)
        at = strrchr(end, '@'); /* user:pa/ss@host: the text after the colon is not a port */
    *from = colon + 1;
    *to = at;
    return at != NULL;
}

const char *rc_remote_mask(const char *url, apr_pool_t *pool)
{
    const char *from, *to;

    if (!url || !find_password(&from, &to, url))
        return url ? apr_pstrdup(pool, url) : NULL;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, url, (apr_size_t)(from - url)), MASK, to, NULL);
}

bool rc_remote_has_password(const char *url, apr_pool_t *pool)
{
    const char *from, *to;

    (void)pool;
    return url && find_password(&from, &to, url);
}

/* ---- policy ---- */

static rc_err_t *check_scheme(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_pool_t *pool)
{
    int i;

    for (i = 0; policy->schemes && i < policy->schemes->nelts; i++)
        if (strcmp(APR_ARRAY_IDX(policy->schemes, i, const char *), url->scheme) == 0)
            return NULL;
    return rc_err_failed(pool,
                         "remote address: scheme %s is not allowed here (see RcapiRemoteSchemes)",
                         url->scheme);
}

rc_err_t *rc_remote_admit(rc_remote_url_t **out, const rc_remote_policy_t *policy, const char *url,
                          apr_time_t deadline, apr_pool_t *pool)
{
    RC_TRY(rc_remote_parse(out, url, pool));
    RC_TRY(check_scheme(policy, *out, pool));
    return rc_remote_resolve(*out, policy, deadline, pool);
}
