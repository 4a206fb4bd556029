// SPDX-License-Identifier: Apache-2.0
/*
 * Replaces keys and credentials in the parts of a request by ***: request line, query, headers,
 * notes. hide.c decides when.
 */
#include "http.h"

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/redact.h"
#include "base/unconst.h"

void rc_http_hide_in(char **text, apr_pool_t *pool)
{
    if (*text)
        *text = rc_unconst(rc_redact(*text, pool));
}

/* As rc_http_hide_in by @a redact, unless *@a text is *@a clean, which it sets. */
static void hide_once(char **text, const char **clean,
                      const char *(*redact)(const char *text, apr_pool_t *pool), apr_pool_t *pool)
{
    if (*text && *text != *clean)
        *text = rc_unconst(redact(*text, pool));
    *clean = *text;
}

/* What the note remembers as clean needs no second look when the request ends. */
void rc_http_hide_query(request_rec *r)
{
    rc_note_t none = {NULL}, *note = ap_get_module_config(r->request_config, &rcapi_module);
    char *query = r->parsed_uri.query;

    if (!note)
        note = &none;
    hide_once(&r->the_request, &note->clean_request, rc_redact, r->pool);
    hide_once(&r->unparsed_uri, &note->clean_uri, rc_redact, r->pool);
    rc_http_hide_in(&r->parsed_uri.fragment, r->pool);
    hide_once(&r->parsed_uri.query, &note->clean_query, rc_redact_query, r->pool);
    if (r->args == query) /* unless another module has set it */
        r->args = r->parsed_uri.query;
    else if (r->args)
        r->args = rc_unconst(rc_redact_query(r->args, r->pool));
}

/* Hides credentials in @a table. Other modules leave rows there without a value (mod_ext_filter's
 * DOCUMENT_PATH_INFO). */
static void hide_table(apr_table_t *table, apr_pool_t *pool)
{
    const apr_array_header_t *rows = table ? apr_table_elts(table) : NULL;
    int i;

    for (i = 0; rows && i < rows->nelts; i++) {
        apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (row->val)
            row->val = rc_unconst(rc_http_shown_header(row->key, row->val, pool));
    }
}

/* Returns whether a user name looks like a key: 40 hex digits, or without a password also another
 * long word. */
static bool looks_like_key(const char *name, bool password)
{
    apr_size_t len = 0;
    bool hex = true;

    for (; name[len]; len++) {
        if (!apr_isalnum(name[len]) && name[len] != '-' && name[len] != '_')
            return false;
        hex = hex && apr_isxdigit(name[len]);
    }
    return (hex && len == 40) || (!password && len >= 20);
}

/* Hides a key that was sent as the user name (`curl -u KEY:`), which httpd writes into its logs. */
static void hide_basic(request_rec *r)
{
    const char *sent = apr_table_get(r->headers_in, "Authorization");
    char *login, *colon;

    if (!sent || strncasecmp(sent, "Basic ", 6))
        return;
    sent += strspn(sent + 6, " \t") + 6;
    login = apr_palloc(r->pool, (apr_size_t)apr_base64_decode_len(sent) + 1);
    login[apr_base64_decode(login, sent)] = '\0';
    if (!(colon = strchr(login, ':')))
        return;
    *colon = '\0';
    if (!looks_like_key(login, colon[1] != '\0'))
        return;
    login = apr_pstrcat(r->pool, RC_HIDDEN ":", colon + 1, NULL);
    sent = ap_pbase64encode(r->pool, login);
    apr_table_setn(r->headers_in, "Authorization", apr_pstrcat(r->pool, "Basic ", sent, NULL));
}

/* Skips Authorization, which other modules still parse; hide_login hides it when the request ends.
 */
void rc_http_hide_headers(request_rec *r)
{
    const apr_array_header_t *rows = apr_table_elts(r->headers_in);
    int i;

    hide_basic(r);
    for (i = 0; i < rows->nelts; i++) {
        apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (!rc_http_is_header(row->key, "Authorization"))
            row->val = rc_unconst(rc_redact(row->val, r->pool));
    }
}

void rc_http_hide_description(request_rec *r)
{
    static const char *const names[] = {"Referer", "User-Agent"};
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *sent = apr_table_get(r->headers_in, names[i]);
        const char *clean = sent ? rc_redact(sent, r->pool) : NULL;

        if (clean != sent)
            apr_table_setn(r->headers_in, names[i], clean);
    }
}

void rc_http_hide_place(request_rec *r)
{
    rc_http_hide_in(&r->uri, r->pool);
    rc_http_hide_in(&r->filename, r->pool);
    rc_http_hide_in(&r->path_info, r->pool);
}

/* Below a mount, keys.c has hidden the headers already. (The query may have been rewritten since.)
 */
static bool headers_are_hidden(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &rcapi_module) != NULL;
}

/* Hides credentials at the end of the request. An upgrade of the protocol may have restored a key
 * (hide.c). */
static void hide_login(request_rec *r)
{
    static const char *const names[] = {"Authorization", "X-Api-Key", "Cookie"};
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *sent = apr_table_get(r->headers_in, names[i]);

        if (sent)
            apr_table_setn(r->headers_in, names[i], rc_http_shown_header(names[i], sent, r->pool));
    }
    if (r->user && looks_like_key(r->user, true))
        r->user = RC_HIDDEN;
}

void rc_http_hide_all(request_rec *r)
{
    apr_table_t *const tables[] = {r->headers_out, r->err_headers_out, r->subprocess_env,
                                   r->notes,       r->trailers_in,     r->trailers_out};
    apr_size_t i;

    rc_http_hide_query(r);
    rc_http_hide_in(&r->parsed_uri.path, r->pool);
    rc_http_hide_in(&r->protocol, r->pool);
    if (!headers_are_hidden(r))
        hide_table(r->headers_in, r->pool);
    hide_login(r);
    rc_http_hide_place(r);
    for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
        hide_table(tables[i], r->pool);
}
