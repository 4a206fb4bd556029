// SPDX-License-Identifier: Apache-2.0
/*
 * Sends an answer while it is made. The worker thread is held until the stream has ended: whatever
 * feeds it lives no longer than the request.
 */
#include "http.h"

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <apr_buckets.h>

/* One piece to the client; at once, where it shall not wait for the next. */
static apr_status_t send_piece(request_rec *r, apr_bucket_brigade *bb, const rc_piece_t *piece)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_status_t rv;

    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_transient_create(piece->data, piece->len, alloc));
    if (piece->flush)
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(alloc));
    rv = ap_pass_brigade(r->output_filters, bb);
    apr_brigade_cleanup(bb);
    return rv == APR_SUCCESS && r->connection->aborted ? APR_ECONNABORTED : rv;
}

/* The end. A cut answer must not look complete: httpd leaves out the last chunk and closes. */
static void send_end(request_rec *r, apr_bucket_brigade *bb, bool complete)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    if (!complete) {
        r->connection->keepalive = AP_CONN_CLOSE;
        APR_BRIGADE_INSERT_TAIL(bb, ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, alloc));
    }
    APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_eos_create(alloc));
    ap_pass_brigade(r->output_filters, bb);
    apr_brigade_cleanup(bb);
}

static void client_left(request_rec *r, apr_status_t rv)
{
    ap_log_rerror(APLOG_MARK, r->connection->aborted ? APLOG_DEBUG : APLOG_INFO, rv, r,
                  RCLOGNO(0041) "the client does not take the rest of the answer");
    r->connection->keepalive = AP_CONN_CLOSE;
}

/* All behind the first piece, which is in @a piece. */
static void send_pieces(request_rec *r, rc_stream_t *stream, rc_piece_t *piece)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    rc_err_t *err = NULL;
    apr_status_t rv;

    while (!err && piece->len && !r->header_only) {
        if ((rv = send_piece(r, bb, piece)) != APR_SUCCESS) {
            client_left(r, rv);
            return;
        }
        err = stream->next(piece, stream->baton);
    }
    if (err)
        rc_http_log_err(r, err);
    send_end(r, bb, !err);
}

rc_err_t *rc_http_send_stream(request_rec *r, rc_answer_t *answer)
{
    rc_stream_t *stream = answer->stream;
    rc_piece_t piece = {0};
    rc_err_t *err = stream->next(&piece, stream->baton);

    if (!err)
        send_pieces(r, stream, &piece);
    if (stream->close)
        stream->close(stream->baton);
    return err;
}
