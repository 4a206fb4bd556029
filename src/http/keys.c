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
#include "faces/raw.h"

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

void rc_http_take_keys(rc_note_t *note, request_rec *r, bool decoded)
{
    request_rec *q;

    note->query_key = rc_web_query_key(r->args, r->pool);
    note->sent_query = r->parsed_uri.query;
    note->header_key = take_header_key(r);
    hide_path(r, note, decoded);
    for (q = r; q; q = q->prev) /* a rewritten URL came from one outside of our mounts */
        rc_http_hide_query(q);
    rc_http_hide_headers(r);
}
