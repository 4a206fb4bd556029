// SPDX-License-Identifier: Apache-2.0
/*
 * The request's body in one buffer. What arrives is counted; what the headers promise is not
 * believed, except that too much is not read at all.
 */
#include "http.h"

#include <http_protocol.h>
#include <util_filter.h>

#include <apr_strings.h>

#define FIRST_SIZE (8 * 1024)
#define AT_ONCE    (64 * 1024)

/* A rest of this size is read and thrown away, so that the connection can stay. */
#define WORTH_READING (64 * 1024)

typedef struct reader_t {
    rc_body_t *body;
    apr_size_t size, limit;
    apr_pool_t *pool;
} reader_t;

static void append(reader_t *reader, const char *data, apr_size_t len)
{
    rc_body_t *body = reader->body;

    if (body->len + len + 1 > reader->size) {
        char *old = body->data;

        while (body->len + len + 1 > reader->size)
            reader->size *= 2;
        body->data = apr_palloc(reader->pool, reader->size);
        memcpy(body->data, old, body->len);
    }
    memcpy(body->data + body->len, data, len);
    body->len += len;
}

/* Takes what is in @a bb; *@a done at the end of the body or beyond the limit. */
static apr_status_t take(bool *done, reader_t *reader, apr_bucket_brigade *bb)
{
    rc_body_t *body = reader->body;
    apr_bucket *b;

    for (b = APR_BRIGADE_FIRST(bb); b != APR_BRIGADE_SENTINEL(bb); b = APR_BUCKET_NEXT(b)) {
        const char *data;
        apr_size_t len;
        apr_status_t rv;

        if (APR_BUCKET_IS_EOS(b)) {
            *done = true;
            return APR_SUCCESS;
        }
        if (APR_BUCKET_IS_METADATA(b))
            continue;
        if ((rv = apr_bucket_read(b, &data, &len, APR_BLOCK_READ)) != APR_SUCCESS)
            return rv;
        if (len > reader->limit - body->len) {
            body->too_large = *done = true;
            return APR_SUCCESS;
        }
        append(reader, data, len);
    }
    return APR_SUCCESS;
}

static int fail(request_rec *r, apr_status_t rv)
{
    r->connection->keepalive = AP_CONN_CLOSE; /* nobody knows where the next request begins */
    ap_log_rerror(APLOG_MARK, APLOG_INFO, rv, r, RCLOGNO(0030) "cannot read the request's body");
    return ap_map_http_request_error(rv, HTTP_BAD_REQUEST);
}

static int read_all(reader_t *reader, request_rec *r)
{
    apr_bucket_brigade *bb = apr_brigade_create(reader->pool, r->connection->bucket_alloc);
    apr_status_t rv = APR_SUCCESS;
    bool done = false;

    while (!done && rv == APR_SUCCESS) {
        rv = ap_get_brigade(r->input_filters, bb, AP_MODE_READBYTES, APR_BLOCK_READ, AT_ONCE);
        if (rv == APR_SUCCESS)
            rv = take(&done, reader, bb);
        apr_brigade_cleanup(bb);
    }
    apr_brigade_destroy(bb);
    if (rv != APR_SUCCESS)
        return fail(r, rv);
    if (reader->body->too_large)
        r->connection->keepalive = AP_CONN_CLOSE;
    reader->body->data[reader->body->len] = '\0';
    return OK;
}

void rc_http_skip_body(request_rec *r)
{
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    apr_off_t announced = 0;

    if (apr_table_get(r->headers_in, "Transfer-Encoding") ||
        (length && (!ap_parse_strict_length(&announced, length) || announced > WORTH_READING)))
        r->connection->keepalive = AP_CONN_CLOSE;
}

int rc_http_read_body(rc_body_t *body, request_rec *r, apr_size_t limit, apr_pool_t *pool)
{
    const char *chunked = apr_table_get(r->headers_in, "Transfer-Encoding");
    const char *length = apr_table_get(r->headers_in, "Content-Length");
    reader_t reader = {body, FIRST_SIZE, limit, pool};
    apr_off_t announced = 0;

    memset(body, 0, sizeof(*body));
    if ((!chunked && !length) || r->main) /* a subrequest has no body of its own */
        return OK;
    if (!chunked && !ap_parse_strict_length(&announced, length))
        return HTTP_BAD_REQUEST;
    if (announced > (apr_off_t)limit) {
        body->too_large = true;
        if (announced - (apr_off_t)limit > WORTH_READING)
            r->connection->keepalive = AP_CONN_CLOSE;
        return OK;
    }
    body->data = apr_palloc(pool, FIRST_SIZE);
    return read_all(&reader, r);
}
