// SPDX-License-Identifier: Apache-2.0
/*
 * Hides keys and credentials from mod_log_forensic, which logs all headers of each request as soon
 * as they are read. One hook before it replaces them by three asterisks, one hook after it restores
 * them.
 */
#include "http.h"

#include <http_request.h>

#include <apr_strings.h>

#include "base/redact.h"
#include "base/unconst.h"

#define VEILED "rcapi veiled headers"

typedef struct veiled_t {
    const char *shown, *value;
} veiled_t;

static bool forensic; /* mod_log_forensic is loaded */

void rc_http_veil_open(void)
{
    forensic = ap_find_linked_module("mod_log_forensic.c") != NULL;
}

/* Returns "Basic ***", or just "***" when there is no scheme. */
static const char *hide_credentials(const char *value, apr_pool_t *pool)
{
    apr_size_t scheme = strcspn(value, " \t");
    const char *kept = value[scheme] ? apr_pstrmemdup(pool, value, scheme + 1) : "";

    return apr_pstrcat(pool, kept, RC_HIDDEN, NULL);
}

/* Returns whether the cookie whose name ends at @a end, in @a value, is one of this module's. */
static bool is_our_cookie(const char *value, const char *end)
{
    static const char *const names[] = {"rcapi", "rcapi-form"};
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        apr_size_t len = strlen(names[i]);

        if ((apr_size_t)(end - value) >= len && !strncmp(end - len, names[i], len))
            return true;
    }
    return false;
}

/* Returns @a value, or a copy in which the values of this module's cookies are hidden. */
static const char *hide_cookies(const char *value, apr_pool_t *pool)
{
    const char *from = value, *at = value, *text = "";

    while ((at = strchr(at, '='))) {
        at++;
        if (!is_our_cookie(value, at - 1))
            continue;
        text = apr_pstrcat(pool, text, apr_pstrmemdup(pool, from, (apr_size_t)(at - from)),
                           RC_HIDDEN, NULL);
        at += strcspn(at, "; ");
        from = at;
    }
    return from == value ? value : apr_pstrcat(pool, text, from, NULL);
}

/* Most names differ in their first letter, which costs less than a call for each. */
bool rc_http_is_header(const char *name, const char *header)
{
    return (*name | 0x20) == (*header | 0x20) && !strcasecmp(name, header);
}

const char *rc_http_shown_header(const char *name, const char *value, apr_pool_t *pool)
{
    static const char *const secrets[] = {"Authorization", "Proxy-Authorization", "X-Api-Key"};
    apr_size_t i;

    for (i = 0; i < sizeof(secrets) / sizeof(*secrets); i++)
        if (rc_http_is_header(name, secrets[i]))
            return hide_credentials(value, pool);
    if (rc_http_is_header(name, "Cookie") || rc_http_is_header(name, "Set-Cookie"))
        value = hide_cookies(value, pool);
    return rc_redact(value, pool);
}

void rc_http_veil(request_rec *r)
{
    const apr_array_header_t *rows = apr_table_elts(r->headers_in);
    apr_array_header_t *veiled = NULL;
    int i;

    for (i = 0; forensic && i < rows->nelts; i++) {
        apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);
        const char *shown = rc_http_shown_header(row->key, row->val, r->pool);

        if (shown == row->val)
            continue;
        if (!veiled)
            veiled = apr_array_make(r->pool, 2, sizeof(veiled_t));
        APR_ARRAY_PUSH(veiled, veiled_t) = (veiled_t){shown, row->val};
        row->val = rc_unconst(shown);
    }
    if (veiled)
        apr_pool_userdata_setn(veiled, VEILED, NULL, r->pool);
}

int rc_http_unveil(request_rec *r)
{
    const apr_array_header_t *rows = apr_table_elts(r->headers_in), *veiled;
    void *data = NULL;
    int i, j;

    if (forensic)
        apr_pool_userdata_get(&data, VEILED, r->pool);
    if (!(veiled = data))
        return DECLINED;
    for (i = 0; i < rows->nelts; i++)
        for (j = 0; j < veiled->nelts; j++) {
            apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);
            const veiled_t *v = &APR_ARRAY_IDX(veiled, j, veiled_t);

            if (row->val == v->shown)
                row->val = rc_unconst(v->value);
        }
    apr_pool_userdata_setn(NULL, VEILED, NULL, r->pool);
    return DECLINED;
}
