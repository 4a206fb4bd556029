// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps keys out of whatever may print a part of a request: access logs, error logs, mod_status,
 * mod_log_forensic, variables of CGI and SSI. Below our mounts that happens at once (keys.c calls
 * in here). Elsewhere the request line and what only describes the client are cleaned at once, the
 * rest when nothing reads the request any more but logs.
 */
#include "http.h"

#include <http_request.h>

#include <apr_base64.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/redact.h"

/* Replaces one string of the request, if it holds a key. */
static void hide_in(char **text, apr_pool_t *pool)
{
    if (*text)
        *text = (char *)rc_redact(*text, pool);
}

void rc_http_hide_query(request_rec *r)
{
    char *query = r->parsed_uri.query;

    hide_in(&r->the_request, r->pool);
    hide_in(&r->unparsed_uri, r->pool);
    hide_in(&r->parsed_uri.fragment, r->pool);
    if (query)
        r->parsed_uri.query = (char *)rc_redact_query(query, r->pool);
    if (r->args) /* the same string, until another module sets it */
        r->args =
            r->args == query ? r->parsed_uri.query : (char *)rc_redact_query(r->args, r->pool);
}

static void hide_table(apr_table_t *table, apr_pool_t *pool)
{
    const apr_array_header_t *rows = table ? apr_table_elts(table) : NULL;
    int i;

    for (i = 0; rows && i < rows->nelts; i++) {
        apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        row->val = (char *)rc_http_shown_header(row->key, row->val, pool);
    }
}

/* 40 hex digits, as our keys are; without a password also other long words. */
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

/* `curl -u KEY:`: a key in the place of a user name, which httpd writes into its logs. */
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

/* Authorization has a grammar that others still read; it is hidden when the request ends. */
void rc_http_hide_headers(request_rec *r)
{
    const apr_array_header_t *rows = apr_table_elts(r->headers_in);
    int i;

    hide_basic(r);
    for (i = 0; i < rows->nelts; i++) {
        apr_table_entry_t *row = &APR_ARRAY_IDX(rows, i, apr_table_entry_t);

        if (strcasecmp(row->key, "Authorization"))
            row->val = (char *)rc_redact(row->val, r->pool);
    }
}

/* Headers that only describe the client; nobody works by them. */
static void hide_description(request_rec *r)
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

static void hide_place(request_rec *r)
{
    hide_in(&r->uri, r->pool);
    hide_in(&r->filename, r->pool);
    hide_in(&r->path_info, r->pool);
}

/* Below our mounts keys.c has done it; the query may have been rewritten since. */
static bool headers_are_hidden(const request_rec *r)
{
    return ap_get_module_config(r->request_config, &rcapi_module) != NULL;
}

/* The login stays until here, and a key comes back when the protocol is switched (keys.c). */
static void hide_login(request_rec *r)
{
    static const char *const names[] = {"Authorization", "X-Api-Key"};
    apr_size_t i;

    for (i = 0; i < sizeof(names) / sizeof(*names); i++) {
        const char *sent = apr_table_get(r->headers_in, names[i]);

        if (sent)
            apr_table_setn(r->headers_in, names[i], rc_http_shown_header(names[i], sent, r->pool));
    }
    if (r->user && looks_like_key(r->user, true))
        r->user = RC_HIDDEN;
}

static void hide_all(request_rec *r)
{
    apr_table_t *const tables[] = {r->headers_out, r->err_headers_out, r->subprocess_env,
                                   r->notes,       r->trailers_in,     r->trailers_out};
    apr_size_t i;

    rc_http_hide_query(r);
    hide_in(&r->parsed_uri.path, r->pool);
    hide_in(&r->protocol, r->pool);
    if (!headers_are_hidden(r))
        hide_table(r->headers_in, r->pool);
    hide_login(r);
    hide_place(r);
    for (i = 0; i < sizeof(tables) / sizeof(*tables); i++)
        hide_table(tables[i], r->pool);
}

/* Nothing reads the request for its own use any more, so all of it is cleaned. */
int rc_http_hide_from_logs(request_rec *r)
{
    if (!rc_http_in_use())
        return DECLINED;
    while (r->prev)
        r = r->prev;
    for (; r; r = r->next)
        hide_all(r);
    return DECLINED;
}

/*
 * What httpd logs of a request while it reads it (at info) shows a Referer that nobody has cleaned
 * yet. So it logs nothing below notice until then, and we say ourselves what it refused.
 */
static const struct ap_logconf while_reading = {NULL, APLOG_NOTICE};

void rc_http_hush(request_rec *r, conn_rec *c)
{
    if (rc_http_in_use() && ap_get_request_module_loglevel(r, APLOG_NO_MODULE) > APLOG_NOTICE)
        r->log = &while_reading;
    (void)c;
}

static void unhush(request_rec *r)
{
    if (r->log == &while_reading)
        r->log = NULL; /* the connection's, the server's */
}

int rc_http_hide_keys(request_rec *r)
{
    request_rec *q;

    if (!rc_http_in_use())
        return DECLINED;
    for (q = r; q; q = q->prev) { /* a redirect to an error page was never cleaned itself */
        hide_in(&q->the_request, q->pool); /* the line for logs; nobody works by it */
        hide_description(q);
        unhush(q);
    }
    if (rc_http_may_be_ours(r))
        rc_http_early_note(r);
    rc_http_veil(r);
    return DECLINED;
}

/*
 * A request that httpd refused while reading it (bad Host, too long, ...) never comes to the hook
 * above, and mod_status shows it before the last one: its error page is the place between.
 */
void rc_http_hide_refused(request_rec *r)
{
    const char *notes;

    if (r->log != &while_reading)
        return;
    hide_all(r);
    unhush(r);
    notes = apr_table_get(r->notes, "error-notes");
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, RCLOGNO(0052) "httpd refused with %d: %s",
                  r->status, notes ? notes : "the request cannot be read");
}

/* No handler has taken the request, and there is no file: all that comes is core's line in the log.
 */
int rc_http_hide_unknown(request_rec *r)
{
    if (rc_http_in_use() && r->finfo.filetype == APR_NOFILE)
        hide_place(r);
    return DECLINED;
}
