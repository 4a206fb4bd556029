// SPDX-License-Identifier: Apache-2.0
/*
 * Takes the key out of a request below our mounts, before anything can log it or hand it on: it is
 * kept in our note, and what httpd and its modules see has *** in its place. Elsewhere other
 * programs may need parameters and headers of the same names (see hide.c).
 */
#include "http.h"

#include <http_request.h>

#include <apr_strings.h>

#include "base/redact.h"

/* The key of "Authorization: Bearer KEY"; NULL for other schemes. */
static const char *bearer(const request_rec *r)
{
    const char *value = apr_table_get(r->headers_in, "Authorization");

    if (!value || strncasecmp(value, "Bearer", 6) || (value[6] != ' ' && value[6] != '\t'))
        return NULL;
    value += 6;
    while (*value == ' ' || *value == '\t')
        value++;
    return value;
}

static const char *take_header_key(request_rec *r)
{
    const char *from_bearer = bearer(r);
    const char *plain = apr_table_get(r->headers_in, "X-Api-Key");

    if (from_bearer)
        apr_table_unset(r->headers_in, "Authorization");
    if (plain)
        apr_table_unset(r->headers_in, "X-Api-Key");
    return from_bearer && *from_bearer ? from_bearer : plain && *plain ? plain : NULL;
}

static rc_note_t *existing_note(const request_rec *r)
{
    return r ? ap_get_module_config(r->request_config, &rcapi_module) : NULL;
}

/*
 * A subrequest or an internal redirect sees what we left of the first request: headers without
 * keys, perhaps a query with ***. Its keys and its login are those of the first.
 */
static void inherit_keys(rc_note_t *note, const rc_note_t *outer)
{
    if (!note->header_key)
        note->header_key = outer->header_key;
    if (note->query_key && !strcmp(note->query_key, RC_HIDDEN))
        note->query_key = outer->query_key;
    note->login = outer->login; /* counts if httpd takes r->user over */
}

/* A key in the path opens nothing, but the path may name a file that is called so. */
static void hide_path(request_rec *r, rc_note_t *note, bool decoded)
{
    const char *sent = r->uri, *clean = sent ? rc_redact_path(sent, r->pool) : NULL;

    if (clean == sent)
        return;
    note->sent_uri = decoded ? ap_os_escape_path(r->pool, sent, 1) : sent;
    if (r->parsed_uri.path == sent) /* httpd decodes one of them, and both are meant */
        r->parsed_uri.path = (char *)clean;
    r->uri = (char *)clean;
}

static rc_note_t *make_note(request_rec *r, bool decoded)
{
    rc_note_t *note = existing_note(r), *outer;
    request_rec *q;

    if (note)
        return note;
    rc_http_at_work(r->pool);
    note = apr_pcalloc(r->pool, sizeof(*note));
    ap_set_module_config(r->request_config, &rcapi_module, note);
    note->query_key = rc_web_query_key(r->args, r->pool);
    note->sent_query = r->parsed_uri.query;
    note->header_key = take_header_key(r);
    outer = existing_note(r->main ? r->main : r->prev);
    if (outer)
        inherit_keys(note, outer);
    if (outer && !r->main) /* redirected: the first request comes to no handler of ours */
        rc_http_forget_verdict(outer);
    hide_path(r, note, decoded);
    for (q = r; q; q = q->prev) /* a rewritten URL came from one outside of our mounts */
        rc_http_hide_query(q);
    rc_http_hide_headers(r);
    return note;
}

rc_note_t *rc_http_note(request_rec *r)
{
    return make_note(r, true);
}

rc_note_t *rc_http_early_note(request_rec *r)
{
    return make_note(r, false);
}

int rc_http_return_keys(conn_rec *c, request_rec *r, server_rec *s, const char *protocol)
{
    rc_note_t *note = existing_note(r);

    (void)c;
    (void)s;
    (void)protocol;
    if (!note)
        return DECLINED;
    r->parsed_uri.query = note->sent_query;
    if (note->sent_uri)
        r->parsed_uri.path = apr_pstrdup(r->pool, note->sent_uri);
    if (note->header_key)
        apr_table_setn(r->headers_in, "X-Api-Key", note->header_key);
    return DECLINED;
}

bool rc_http_may_be_ours(const request_rec *r)
{
    const rc_server_conf_t *conf = rc_http_server_conf(r->server);
    char *path;

    if (!conf->mounts->nelts || !r->uri || *r->uri != '/')
        return false;
    path = apr_pstrdup(r->pool, r->uri);
    if (ap_unescape_url_keep2f(path, 1) != OK ||
        !ap_normalize_path(path, AP_NORMALIZE_NOT_ABOVE_ROOT | AP_NORMALIZE_MERGE_SLASHES))
        return true; /* core will refuse it, and log */
    return rc_http_is_below_mount(conf, path);
}
