// SPDX-License-Identifier: Apache-2.0
/*
 * Keys leave the request before anybody can log them: they are kept in our note, and what httpd
 * and its modules see has *** in their place. Below our mounts only; elsewhere other programs may
 * need parameters and headers of the same names, so there only what is for logs is cleaned.
 */
#include "http.h"

#include <http_request.h>

#include <apr_strings.h>

#define HIDDEN "***"

/* Replaces one string of the request, if it holds a key. */
static void hide_in(char **text, apr_pool_t *pool)
{
    if (*text)
        *text = (char *)rc_web_redact(*text, pool);
}

static void hide_query(request_rec *r)
{
    hide_in(&r->the_request, r->pool);
    hide_in(&r->unparsed_uri, r->pool);
    hide_in(&r->parsed_uri.query, r->pool);
    if (r->args)
        r->args = (char *)rc_web_redact_query(r->args, r->pool);
}

static void hide_referer(request_rec *r)
{
    const char *referer = apr_table_get(r->headers_in, "Referer");
    const char *clean = referer ? rc_web_redact(referer, r->pool) : NULL;

    if (clean != referer)
        apr_table_setn(r->headers_in, "Referer", clean);
}

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
    if (note->query_key && !strcmp(note->query_key, HIDDEN))
        note->query_key = outer->query_key;
    note->login = outer->login; /* counts if httpd takes r->user over */
}

rc_note_t *rc_http_note(request_rec *r)
{
    rc_note_t *note = existing_note(r), *outer;
    request_rec *q;

    if (note)
        return note;
    rc_http_at_work(r->pool);
    note = apr_pcalloc(r->pool, sizeof(*note));
    ap_set_module_config(r->request_config, &rcapi_module, note);
    note->query_key = rc_web_query_key(r->args, r->pool);
    note->header_key = take_header_key(r);
    outer = existing_note(r->main ? r->main : r->prev);
    if (outer)
        inherit_keys(note, outer);
    if (outer && !r->main) /* redirected: the first request comes to no handler of ours */
        rc_http_forget_verdict(outer);
    for (q = r; q; q = q->prev) /* a rewritten URL came from one outside of our mounts */
        hide_query(q);
    return note;
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

int rc_http_hide_keys(request_rec *r)
{
    if (!rc_http_in_use())
        return DECLINED;
    hide_in(&r->the_request, r->pool); /* the line for logs; nobody works by it */
    hide_referer(r);
    if (rc_http_may_be_ours(r))
        rc_http_note(r);
    return DECLINED;
}

static void hide_headers(request_rec *r)
{
    const char *sent = apr_table_get(r->headers_in, "Authorization");

    if (apr_table_get(r->headers_in, "X-Api-Key"))
        apr_table_setn(r->headers_in, "X-Api-Key", HIDDEN);
    if (sent) { /* Basic is a password; without a scheme, all of it may be a key */
        apr_size_t scheme = strcspn(sent, " \t");
        const char *kept = sent[scheme] ? apr_pstrmemdup(r->pool, sent, scheme + 1) : "";

        apr_table_setn(r->headers_in, "Authorization", apr_pstrcat(r->pool, kept, HIDDEN, NULL));
    }
}

/*
 * A request that httpd refused while reading it (bad Host, too long, ...) never came to the hook
 * above, yet is logged. Nothing reads the request for its own use any more, so clean all of it.
 */
int rc_http_hide_from_logs(request_rec *r)
{
    if (!rc_http_in_use())
        return DECLINED;
    while (r->prev)
        r = r->prev;
    for (; r; r = r->next) {
        hide_query(r);
        hide_referer(r);
        hide_headers(r);
    }
    return DECLINED;
}
