// SPDX-License-Identifier: Apache-2.0
/*
 * Sends an answer piece by piece while it is generated. It holds the worker thread until the stream
 * ends, because the source of the stream lives no longer than the request.
 */
#include "http.h"

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <apr_buckets.h>

static apr_status_t insert_data(request_rec *r, apr_bucket_brigade *bb, const rc_piece_t *piece)
{
    rc_err_t *err = NULL;

    if (piece->data)
        APR_BRIGADE_INSERT_TAIL(
            bb, apr_bucket_transient_create(piece->data, piece->len, r->connection->bucket_alloc));
    else
        err = rc_http_insert_file(bb, piece->file, piece->start, (apr_off_t)piece->len, r);
    return err ? err->cause : APR_SUCCESS;
}

/* Sends one piece; flushes it if it must not wait for the next one. */
static apr_status_t send_piece(request_rec *r, apr_bucket_brigade *bb, const rc_piece_t *piece)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_status_t rv = insert_data(r, bb, piece);

    if (rv != APR_SUCCESS || piece->last)
        return rv; /* the last one is sent with the end */
    if (piece->flush)
        APR_BRIGADE_INSERT_TAIL(bb, apr_bucket_flush_create(alloc));
    rv = ap_pass_brigade(r->output_filters, bb);
    apr_brigade_cleanup(bb);
    return rv == APR_SUCCESS && r->connection->aborted ? APR_ECONNABORTED : rv;
}

/* Sends the end. A cut answer must not look complete: httpd omits the last chunk and closes the
 * connection. */
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

static rc_err_t *next_piece(rc_piece_t *piece, rc_stream_t *stream)
{
    memset(piece, 0, sizeof(*piece));
    return stream->next(piece, stream->baton);
}

static void client_left(request_rec *r, apr_status_t rv)
{
    ap_log_rerror(APLOG_MARK, r->connection->aborted ? APLOG_DEBUG : APLOG_INFO, rv, r,
                  RCLOGNO(0041) "cannot send the rest of the answer");
}

/* Sends @a piece, which is the first one, and all that follow. */
static void send_pieces(request_rec *r, rc_stream_t *stream, rc_piece_t *piece)
{
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    rc_err_t *err = NULL;
    bool last = false;
    apr_status_t rv;

    while (!err && !last && (piece->len || piece->later) && !r->header_only) {
        if (piece->len && (rv = send_piece(r, bb, piece)) != APR_SUCCESS) {
            client_left(r, rv);
            send_end(r, bb, false);
            return;
        }
        if (!(last = piece->last))
            err = next_piece(piece, stream);
    }
    if (err)
        rc_http_log_err(r, err);
    send_end(r, bb, !err);
}

rc_err_t *rc_http_send_stream(request_rec *r, rc_answer_t *answer)
{
    rc_stream_t *stream = answer->stream;
    rc_piece_t piece;
    rc_err_t *err = next_piece(&piece, stream);

    if (!err)
        send_pieces(r, stream, &piece);
    if (stream->close)
        stream->close(stream->baton);
    return err;
}
