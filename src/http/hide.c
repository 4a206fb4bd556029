// SPDX-License-Identifier: Apache-2.0
/*
 * Hides keys from everything that may print a part of a request: access logs, error logs,
 * mod_status, mod_log_forensic, variables of CGI and SSI. Below a mount all keys are hidden at once
 * (request.c). Elsewhere the request line, Referer and User-Agent are cleaned at once, and the rest
 * when only logs still read the request.
 */
#include "http.h"

#include <http_request.h>

#include <apr_strings.h>

/* Hides all keys: from here on only logs read the request. */
int rc_http_hide_from_logs(request_rec *r)
{
    if (!rc_http_in_use())
        return DECLINED;
    while (r->prev)
        r = r->prev;
    for (; r; r = r->next)
        rc_http_hide_all(r);
    return DECLINED;
}

/*
 * While httpd reads a request, its messages at the level info show a Referer that is not cleaned
 * yet. So messages below notice are suppressed until then, and rc_http_hide_refused logs a refusal.
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
        r->log = NULL; /* back to the settings of the connection and server */
}

int rc_http_hide_keys(request_rec *r)
{
    bool ours = rc_http_may_be_ours(r);
    request_rec *q;

    if (!rc_http_in_use())
        return DECLINED;
    if (ours)
        rc_http_early_note(r);
    for (q = r; q; q = q->prev) { /* also a request that was redirected to an error page */
        if (!ours) {
            rc_http_hide_in(&q->the_request, q->pool); /* only logs use this line */
            rc_http_hide_description(q);
        }
        unhush(q);
    }
    rc_http_veil(r);
    return DECLINED;
}

/*
 * Cleans a request that httpd refused while reading it (bad Host, too long, ...). It does not reach
 * the hook above, and mod_status shows it before the last hook; the error page comes in between.
 */
void rc_http_hide_refused(request_rec *r)
{
    const char *notes;

    if (r->log != &while_reading)
        return;
    rc_http_hide_all(r);
    unhush(r);
    notes = apr_table_get(r->notes, "error-notes");
    ap_log_rerror(APLOG_MARK, APLOG_INFO, 0, r, RCLOGNO(0052) "httpd refused with %d: %s",
                  r->status, notes ? notes : "the request cannot be read");
}

/* Cleans the URL when no handler has accepted the request and no file exists: core logs it next. */
int rc_http_hide_unknown(request_rec *r)
{
    if (rc_http_in_use() && r->finfo.filetype == APR_NOFILE)
        rc_http_hide_place(r);
    return DECLINED;
}

int rc_http_return_keys(conn_rec *c, request_rec *r, server_rec *s, const char *protocol)
{
    rc_note_t *note = rc_http_existing_note(r);

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
