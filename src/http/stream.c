// SPDX-License-Identifier: Apache-2.0
/*
 * Sends an answer piece by piece while it is generated, without waiting for the client. It holds
 * the worker thread until the stream ends, unless another request generates it (park.c); what the
 * client has not taken then leaves as after any request: under the event MPM without a thread.
 */
#include "stream.h"

#include <http_core.h>
#include <http_protocol.h>
#include <util_filter.h>

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <unistd.h>

#include <apr_buckets.h>
#include <apr_portable.h>

#include "base/time.h"

#define PIECES 4 /* at once, of an answer that shares its thread with others */
#define SLICE  ((apr_size_t)32 * 1024) /* of a piece, with TLS */
#define LITTLE ((apr_size_t)4 * 1024)  /* fits into a socket that takes anything */

struct rc_sender_t {
    request_rec *r;
    rc_answer_t *answer;
    rc_stream_t *stream;
    apr_bucket_brigade *bb;
    apr_time_t moved; /* when the client last took something */
    apr_file_t *file; /* of the last piece in a file */
    apr_file_t *own;  /* the same, open until the answer is sent */
    rc_piece_t rest;  /* of a piece that leaves in slices */
    bool begun;       /* an error can no longer decide the status */
};

/* Returns the last filter, if the sender can use it. With TLS, only in small slices. */
static ap_filter_t *pushable(const rc_sender_t *sender, bool *sealed)
{
    ap_filter_t *core = rc_http_core_filter(sender->r, sealed);

    return *sealed && !sender->stream->at_once ? NULL : core;
}

/* Sends what the core filter holds, as far as the client takes it now: as the event MPM does after
 * a request. Sets stream->unsent. */
static apr_status_t push(rc_sender_t *sender, ap_filter_t *core)
{
    request_rec *r = sender->r;
    apr_status_t rv = core->frec->filter_func.out_func(core, NULL);

    sender->stream->unsent =
        r->connection->data_in_output_filters ? rc_http_client_fd(r->connection) : 0;
    return rv;
}

static apr_status_t close_own(void *file)
{
    apr_os_file_t fd;

    return apr_os_file_get(&fd, file) == APR_SUCCESS && close(fd) == 0 ? APR_SUCCESS : errno;
}

/* Keeps the file of a piece open until the answer is sent. Its stream may close it before: then the
 * descriptor could be that of another file. */
static apr_status_t keep_open(rc_sender_t *sender, apr_file_t *file)
{
    apr_pool_t *pool = sender->r->pool;
    apr_os_file_t fd;
    apr_status_t rv;

    if (sender->file == file)
        return APR_SUCCESS;
    if ((rv = apr_os_file_get(&fd, file)) != APR_SUCCESS)
        return rv;
    if ((fd = fcntl(fd, F_DUPFD_CLOEXEC, 0)) < 0)
        return errno;
    apr_os_file_put(&sender->own, &fd, APR_FOPEN_READ, pool);
    apr_pool_cleanup_register(pool, sender->own, close_own, apr_pool_cleanup_null);
    sender->file = file;
    return APR_SUCCESS;
}

static apr_status_t insert_data(rc_sender_t *sender, const rc_piece_t *piece)
{
    request_rec *r = sender->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_status_t rv;
    rc_err_t *err;

    if (piece->data) {
        APR_BRIGADE_INSERT_TAIL(sender->bb,
                                apr_bucket_transient_create(piece->data, piece->len, alloc));
        return APR_SUCCESS;
    }
    if ((rv = keep_open(sender, piece->file)) != APR_SUCCESS)
        return rv;
    err = rc_http_insert_file(sender->bb, sender->own, piece->start, (apr_off_t)piece->len, r);
    return err ? err->cause : APR_SUCCESS;
}

/* Passes one piece on. When it must not wait for the next one, it is pushed or flushed. */
static apr_status_t send_piece(rc_sender_t *sender, const rc_piece_t *piece)
{
    request_rec *r = sender->r;
    bool sealed;
    ap_filter_t *core = pushable(sender, &sealed);
    apr_status_t rv = insert_data(sender, piece);

    if (rv != APR_SUCCESS || piece->last)
        return rv; /* the last one is sent with the end */
    sender->stream->unsent = 0;
    if (piece->flush && (!core || (sealed && piece->len <= LITTLE)))
        APR_BRIGADE_INSERT_TAIL(sender->bb, apr_bucket_flush_create(r->connection->bucket_alloc));
    rv = ap_pass_brigade(r->output_filters, sender->bb);
    apr_brigade_cleanup(sender->bb);
    if (rv == APR_SUCCESS && core)
        rv = push(sender, core);
    if (core && sealed) /* until the socket has room again */
        sender->stream->unsent = rc_http_client_fd(r->connection);
    sender->moved = rc_clock();
    return rv == APR_SUCCESS && r->connection->aborted ? APR_ECONNABORTED : rv;
}

/* Between two pieces: sends more of what the client has not taken, if it takes some now. A client
 * that takes nothing for as long as httpd's Timeout has gone. */
static apr_status_t send_more(rc_sender_t *sender, const rc_piece_t *piece)
{
    struct pollfd at = {.fd = sender->stream->unsent, .events = POLLOUT};
    conn_rec *c = sender->r->connection;
    bool sealed;
    ap_filter_t *core = pushable(sender, &sealed);

    if (!sender->stream->unsent || !core)
        return APR_SUCCESS;
    if (piece->active)
        sender->moved = rc_clock();
    if (poll(&at, 1, 0) > 0) {
        sender->moved = rc_clock();
        return push(sender, core);
    }
    if (rc_clock() - sender->moved < sender->r->server->timeout)
        return APR_SUCCESS;
    c->aborted = 1;
    return APR_TIMEUP;
}

/* Sends the end. A cut answer must not look complete: httpd omits the last chunk and closes the
 * connection. */
static void send_end(rc_sender_t *sender, bool complete)
{
    request_rec *r = sender->r;
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;

    if (!complete) {
        r->connection->keepalive = AP_CONN_CLOSE;
        APR_BRIGADE_INSERT_TAIL(sender->bb,
                                ap_bucket_error_create(HTTP_BAD_GATEWAY, NULL, r->pool, alloc));
    }
    APR_BRIGADE_INSERT_TAIL(sender->bb, apr_bucket_eos_create(alloc));
    ap_pass_brigade(r->output_filters, sender->bb);
    apr_brigade_cleanup(sender->bb);
}

static void client_left(request_rec *r, apr_status_t rv)
{
    ap_log_rerror(APLOG_MARK, r->connection->aborted ? APLOG_DEBUG : APLOG_INFO, rv, r,
                  RCLOGNO(0041) "cannot send the rest of the answer");
}

/* The stream ends with @a err: *@a failure, if nothing is sent yet. */
static void end_with_error(rc_err_t **failure, rc_sender_t *sender, rc_err_t *err)
{
    if (!sender->begun) {
        *failure = err;
        return;
    }
    rc_http_log_err(sender->r, err);
    send_end(sender, false);
}

/* With TLS, makes @a piece a slice of it, or nothing while the client has not taken the last one.
 */
static void cut_slice(rc_piece_t *piece, rc_sender_t *sender)
{
    rc_piece_t *rest = &sender->rest;
    bool sealed;

    if (!piece->len || !pushable(sender, &sealed) || !sealed)
        return;
    *rest = *piece;
    if (sender->stream->unsent) {
        *piece = (rc_piece_t){.later = true};
        return;
    }
    if (piece->len > SLICE) {
        piece->len = SLICE;
        piece->last = false;
    }
    rest->len -= piece->len;
    rest->start += (apr_off_t)piece->len;
    if (rest->data)
        rest->data += piece->len;
}

/* Sends @a piece, or more of earlier ones. */
static rc_sending_t send_or_push(apr_status_t *rv, rc_sender_t *sender, const rc_piece_t *piece)
{
    int before = sender->stream->unsent;

    if (piece->len) {
        *rv = send_piece(sender, piece);
        return piece->last ? RC_OVER : RC_SENT;
    }
    *rv = send_more(sender, piece);
    return before && !sender->stream->unsent ? RC_SENT : RC_NOTHING;
}

/* Sends the next piece, or the end. */
static rc_sending_t send_next(rc_err_t **failure, rc_sender_t *sender)
{
    rc_piece_t piece = sender->rest;
    rc_err_t *err = NULL;
    apr_status_t rv = APR_SUCCESS;
    rc_sending_t step = RC_OVER;

    if (!piece.len) {
        memset(&piece, 0, sizeof(piece));
        err = sender->stream->next(&piece, sender->stream->baton);
    }
    if (err) {
        end_with_error(failure, sender, err);
        return RC_OVER;
    }
    if (!sender->begun && !piece.later)
        rc_http_set_headers(sender->r, sender->answer); /* the stream may have completed them */
    sender->begun = sender->begun || !piece.later;
    cut_slice(&piece, sender);
    if ((piece.len || piece.later) && !sender->r->header_only)
        step = send_or_push(&rv, sender, &piece);
    if (rv != APR_SUCCESS)
        client_left(sender->r, rv);
    if (rv == APR_SUCCESS && step != RC_OVER)
        return step;
    send_end(sender, rv == APR_SUCCESS);
    return RC_OVER;
}

rc_sender_t *rc_http_sender(request_rec *r, rc_answer_t *answer)
{
    rc_sender_t *sender = apr_pcalloc(r->pool, sizeof(*sender));

    sender->r = r;
    sender->answer = answer;
    sender->stream = answer->stream;
    sender->bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    return sender;
}

static void end_stream(rc_sender_t *sender)
{
    if (sender->stream->close)
        sender->stream->close(sender->stream->baton);
}

rc_sending_t rc_http_send_some(rc_err_t **err, rc_sender_t *sender)
{
    rc_sending_t now = RC_SENT;
    int sent;

    *err = NULL;
    sender->stream->at_once = true;
    for (sent = 0; now == RC_SENT && sent < PIECES; sent++)
        now = send_next(err, sender);
    if (now == RC_OVER)
        end_stream(sender);
    else if (!sender->stream->follows)
        now = RC_LEADS;
    else if (sent > 1)
        now = RC_SENT;
    return now;
}

rc_err_t *rc_http_send_rest(rc_sender_t *sender)
{
    rc_err_t *err = NULL;

    sender->stream->at_once = false;
    while (send_next(&err, sender) != RC_OVER)
        continue;
    end_stream(sender);
    return err;
}

rc_err_t *rc_http_send_stream(request_rec *r, rc_answer_t *answer)
{
    return rc_http_send_rest(rc_http_sender(r, answer));
}
