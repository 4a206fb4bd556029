// SPDX-License-Identifier: Apache-2.0
/*
 * Supplies the request's body from httpd's input filters. base/body.h counts the bytes that arrive;
 * Content-Length is only used to reject a body that is announced as too large.
 */
#include "http.h"

#include <http_core.h>
#include <http_protocol.h>
#include <http_ssl.h>
#include <util_filter.h>

#include <apr_portable.h>

#define AT_ONCE (64 * 1024)

/* An unread rest of up to this size is skipped, so that the connection can be kept. */
#define WORTH_READING (64 * 1024)

typedef struct reader_t {
    request_rec *r;
    rc_note_t *note;
    apr_bucket_brigade *bb; /* its first bucket is the one that was read last */
    bool begun;
} reader_t;

static rc_body_state_t fail(reader_t *reader, apr_status_t rv)
{
    request_rec *r = reader->r;

    r->connection->keepalive = AP_CONN_CLOSE; /* the start of the next request is unknown */
    ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, r, RCLOGNO(0030) "cannot read the request's body");
    reader->note->body_failure = ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
    if (APR_STATUS_IS_TIMEUP(rv))
        return RC_BODY_LATE;
    return r->connection->aborted || rv == AP_FILTER_ERROR ? RC_BODY_GONE : RC_BODY_MALFORMED;
}

/* Finds the next bucket with bytes. RC_BODY_LATER: the brigade is used up. */
static apr_status_t next_bucket(rc_body_state_t *state, reader_t *reader, const char **data,
                                apr_size_t *len)
{
    apr_bucket_brigade *bb = reader->bb;
    apr_status_t rv;

    *state = RC_BODY_LATER;
    while (!APR_BRIGADE_EMPTY(bb)) {
        apr_bucket *b = APR_BRIGADE_FIRST(bb);

        if (reader->begun) { /* the caller has used it */
            apr_bucket_delete(b);
            reader->begun = false;
            continue;
        }
        if (APR_BUCKET_IS_EOS(b)) {
            *state = RC_BODY_END;
            return APR_SUCCESS;
        }
        reader->begun = true;
        if (APR_BUCKET_IS_METADATA(b))
            continue;
        if ((rv = apr_bucket_read(b, data, len, APR_BLOCK_READ)) != APR_SUCCESS)
            return rv;
        if (*len) {
            *state = RC_BODY_MORE;
            return APR_SUCCESS;
        }
    }
    reader->begun = false;
    return APR_SUCCESS;
}

/* Sends "100 Continue". httpd itself sends it only before a read that blocks. */
static void send_continue(request_rec *r)
{
    int status = r->status;

    if (!r->expecting_100)
        return;
    r->status = HTTP_CONTINUE;
    ap_send_interim_response(r, 0);
    r->status = status;
}

static rc_body_state_t read_body(void *baton, const char **data, apr_size_t *len, bool wait)
{
    reader_t *reader = baton;
    apr_read_type_e block = wait ? APR_BLOCK_READ : APR_NONBLOCK_READ;
    rc_body_state_t state;
    apr_status_t rv;

    if (!wait)
        send_continue(reader->r);
    for (;;) {
        if ((rv = next_bucket(&state, reader, data, len)) != APR_SUCCESS)
            return fail(reader, rv);
        if (state != RC_BODY_LATER)
            return state;
        rv =
            ap_get_brigade(reader->r->input_filters, reader->bb, AP_MODE_READBYTES, block, AT_ONCE);
        if (APR_STATUS_IS_EAGAIN(rv) || (rv == APR_SUCCESS && APR_BRIGADE_EMPTY(reader->bb))) {
            if (!wait)
                return RC_BODY_LATER;
        } else if (rv != APR_SUCCESS) {
            return fail(reader, rv);
        }
    }
}

/* Returns the connection's descriptor; -1 with TLS and HTTP/2, which buffer bytes above it. */
static int plain_fd(const request_rec *r)
{
    apr_socket_t *socket = r->connection->master || ap_ssl_conn_is_ssl(r->connection)
                               ? NULL
                               : ap_get_conn_socket(r->connection);
    apr_os_sock_t fd;

    return socket && apr_os_sock_get(&fd, socket) == APR_SUCCESS ? fd : -1;
}

rc_body_t *rc_http_body(request_rec *r, rc_note_t *note)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    bool chunked = apr_table_get(r->headers_in, "Transfer-Encoding") != NULL;
    reader_t *reader = apr_pcalloc(note->work, sizeof(*reader));
    rc_body_source_t source = {.read = read_body, .baton = reader, .announced = -1};

    reader->r = r;
    reader->note = note;
    reader->bb = apr_brigade_create(note->work, r->connection->bucket_alloc);
    source.fd = plain_fd(r);
    source.sent = (chunked || length) && !r->main; /* a subrequest has no body of its own */
    source.idle = r->server->timeout;
    source.encoding = apr_table_get(r->headers_in, "Content-Encoding");
    if (source.sent && !chunked && !ap_parse_strict_length(&source.announced, length)) {
        source.announced = -1;
        note->body_failure = HTTP_BAD_REQUEST;
    }
    return rc_body_create(&source, note->work);
}

void rc_http_end_body(request_rec *r, const rc_body_t *body)
{
    apr_off_t left = rc_body_left(body);

    if (left < 0 || left > WORTH_READING)
        r->connection->keepalive = AP_CONN_CLOSE;
}

void rc_http_skip_body(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t announced = 0;

    if (apr_table_get(r->headers_in, "Transfer-Encoding") ||
        (length && (!ap_parse_strict_length(&announced, length) || announced > WORTH_READING)))
        r->connection->keepalive = AP_CONN_CLOSE;
}
