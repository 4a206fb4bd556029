// SPDX-License-Identifier: Apache-2.0
/*
 * Moves the keys of a request below a mount into its note, before any module can log them or pass
 * them on. httpd and its modules see *** instead. Elsewhere other programs may need parameters and
 * headers of the same names (see hide.c).
 */
#include "http.h"

#include <http_request.h>

#include <string.h>

#include <apr_base64.h>

#include "base/query.h"
#include "base/redact.h"
#include "base/unconst.h"

/* Returns what follows @a scheme in the header Authorization; NULL for other schemes. */
static const char *authorization(const request_rec *r, const char *scheme)
{
    const char *value = apr_table_get(r->headers_in, "Authorization");
    apr_size_t len = strlen(scheme);

    if (!value || strncasecmp(value, scheme, len) || (value[len] != ' ' && value[len] != '\t'))
        return NULL;
    value += len;
    return value + strspn(value, " \t");
}

void rc_http_drop_header_key(request_rec *r)
{
    if (authorization(r, "Bearer"))
        apr_table_unset(r->headers_in, "Authorization");
    apr_table_unset(r->headers_in, "X-Api-Key");
}

const char *rc_http_header_key(const request_rec *r)
{
    const char *from_bearer = authorization(r, "Bearer");
    const char *plain = apr_table_get(r->headers_in, "X-Api-Key");

    return from_bearer && *from_bearer ? from_bearer : plain && *plain ? plain : NULL;
}

/* Hides a key in the path. It gives no access, but the path as sent may be the name of a file, and
 * is kept. */
static void hide_path(request_rec *r, rc_note_t *note, bool decoded)
{
    const char *sent = r->uri, *clean = sent ? rc_redact_path(sent, r->pool) : NULL;

    if (clean == sent)
        return;
    note->sent_uri = decoded ? ap_os_escape_path(r->pool, sent, 1) : sent;
    if (r->parsed_uri.path == sent) /* httpd decodes only r->uri later: hide it in both */
        r->parsed_uri.path = rc_unconst(clean);
    r->uri = rc_unconst(clean);
}

const char *rc_http_query_key(const rc_note_t *note, const rc_face_t *face, apr_pool_t *pool)
{
    const char *key = rc_query_first(note->args, face->query_keys, pool);

    return key && !strcmp(key, RC_HIDDEN) && note->outer
               ? rc_http_query_key(note->outer, face, pool)
               : key;
}

void rc_http_take_basic(rc_note_t *note, request_rec *r)
{
    const char *sent = authorization(r, "Basic");
    char *user, *colon;
    int len;

    if (!sent)
        return;
    user = apr_palloc(r->pool, (apr_size_t)apr_base64_decode_len(sent) + 1);
    len = apr_base64_decode(user, sent);
    user[len] = '\0';
    colon = strlen(user) == (apr_size_t)len ? strchr(user, ':') : NULL;
    if (colon)
        *colon = '\0';
    note->basic_user = colon ? user : "";
    note->basic_password = colon ? colon + 1 : "";
    apr_table_unset(r->headers_in, "Authorization");
}

void rc_http_take_keys(rc_note_t *note, request_rec *r, bool decoded)
{
    request_rec *q;

    note->args = r->args;
    note->sent_query = r->parsed_uri.query;
    note->header_key = rc_http_header_key(r);
    rc_http_drop_header_key(r);
    hide_path(r, note, decoded);
    for (q = r; q; q = q->prev) /* also in a URL outside the mount that was rewritten to this one */
        rc_http_hide_query(q);
    rc_http_hide_headers(r);
}
