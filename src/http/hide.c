// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps keys out of whatever may print a part of a request: access logs, error logs, mod_status,
 * mod_log_forensic, variables of CGI and SSI. Below our mounts that happens at once (request.c).
 * Elsewhere the request line and what only describes the client are cleaned at once, the
 * rest when nothing reads the request any more but logs.
 */
#include "http.h"

#include <http_request.h>

#include <apr_strings.h>

#include "base/redact.h"

/* Nothing reads the request for its own use any more, so all of it is cleaned. */
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
        rc_http_hide_in(&q->the_request, q->pool); /* the line for logs; nobody works by it */
        rc_http_hide_description(q);
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
    rc_http_hide_all(r);
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
