// SPDX-License-Identifier: Apache-2.0
/*
 * Sends an answer piece by piece while it is generated, without waiting for the client. It holds
 * the worker thread until the stream ends, because the source of the stream lives no longer than
 * the request; what the client has not taken then leaves as after any request: under the event MPM
 * without a thread.
 */
#include "http.h"

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

typedef struct sender_t {
    request_rec *r;
    rc_stream_t *stream;
    apr_bucket_brigade *bb;
    apr_time_t moved; /* when the client last took something */
    apr_file_t *file; /* of the last piece in a file */
    apr_file_t *own;  /* the same, open until the answer is sent */
} sender_t;

/* Filters that hold no bytes back. Any other one may need a FLUSH bucket, which waits for the
 * client. */
static const char *const passing[] = {
    "byterange", "content_length", "http_header",       "http_outerror", "chunk",
    "core",      "mod_expires",    "fixup_headers_out", "reqtimeout",    NULL};

static bool is_passing(const char *name)
{
    int i;

    for (i = 0; passing[i]; i++)
        if (!strcasecmp(name, passing[i]))
            return true;
    return false;
}

/* Returns the filter that writes to the socket, if the output can be pushed without waiting for the
 * client; else NULL: with TLS, HTTP/2, and filters of other modules. */
static ap_filter_t *pushable(const request_rec *r)
{
    ap_filter_t *filter = r->output_filters;

    if (r->connection->master)
        return NULL;
    while (is_passing(filter->frec->name) && filter->next)
        filter = filter->next;
    return filter->frec == ap_core_output_filter_handle ? filter : NULL;
}

static int client_fd(const request_rec *r)
{
    apr_socket_t *socket = ap_get_conn_socket(r->connection);
    apr_os_sock_t fd;

    return socket && apr_os_sock_get(&fd, socket) == APR_SUCCESS ? fd : 0;
}

/* Sends what the core filter holds, as far as the client takes it now: as the event MPM does after
 * a request. Sets stream->unsent. */
static apr_status_t push(sender_t *sender, ap_filter_t *core)
{
    request_rec *r = sender->r;
    apr_status_t rv = core->frec->filter_func.out_func(core, NULL);

    sender->stream->unsent = r->connection->data_in_output_filters ? client_fd(r) : 0;
    return rv;
}

static apr_status_t close_own(void *file)
{
    apr_os_file_t fd;

    return apr_os_file_get(&fd, file) == APR_SUCCESS && close(fd) == 0 ? APR_SUCCESS : errno;
}

/* Keeps the file of a piece open until the answer is sent. Its stream may close it before: then the
 * descriptor could be that of another file. */
static apr_status_t keep_open(sender_t *sender, apr_file_t *file)
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

static apr_status_t insert_data(sender_t *sender, const rc_piece_t *piece)
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
static apr_status_t send_piece(sender_t *sender, const rc_piece_t *piece)
{
    request_rec *r = sender->r;
    ap_filter_t *core = pushable(r);
    apr_status_t rv = insert_data(sender, piece);

    if (rv != APR_SUCCESS || piece->last)
        return rv; /* the last one is sent with the end */
    sender->stream->unsent = 0;
    if (piece->flush && !core)
        APR_BRIGADE_INSERT_TAIL(sender->bb, apr_bucket_flush_create(r->connection->bucket_alloc));
    rv = ap_pass_brigade(r->output_filters, sender->bb);
    apr_brigade_cleanup(sender->bb);
    if (rv == APR_SUCCESS && core)
        rv = push(sender, core);
    sender->moved = rc_clock();
    return rv == APR_SUCCESS && r->connection->aborted ? APR_ECONNABORTED : rv;
}

/* Between two pieces: sends more of what the client has not taken, if it takes some now. A client
 * that takes nothing for as long as httpd's Timeout has gone. */
static apr_status_t send_more(sender_t *sender, const rc_piece_t *piece)
{
    struct pollfd at = {.fd = sender->stream->unsent, .events = POLLOUT};
    conn_rec *c = sender->r->connection;
    ap_filter_t *core = pushable(sender->r);

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
static void send_end(sender_t *sender, bool complete)
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
static void send_pieces(sender_t *sender, rc_piece_t *piece)
{
    request_rec *r = sender->r;
    rc_err_t *err = NULL;
    bool last = false;
    apr_status_t rv;

    while (!err && !last && (piece->len || piece->later) && !r->header_only) {
        rv = piece->len ? send_piece(sender, piece) : send_more(sender, piece);
        if (rv != APR_SUCCESS) {
            client_left(r, rv);
            send_end(sender, false);
            return;
        }
        if (!(last = piece->last))
            err = next_piece(piece, sender->stream);
    }
    if (err)
        rc_http_log_err(r, err);
    send_end(sender, !err);
}

rc_err_t *rc_http_send_stream(request_rec *r, rc_answer_t *answer)
{
    sender_t sender = {.r = r, .stream = answer->stream};
    rc_piece_t piece;
    rc_err_t *err = next_piece(&piece, sender.stream);

    sender.bb = apr_brigade_create(r->pool, r->connection->bucket_alloc);
    if (!err)
        send_pieces(&sender, &piece);
    if (sender.stream->close)
        sender.stream->close(sender.stream->baton);
    return err;
}
