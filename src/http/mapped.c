// SPDX-License-Identifier: Apache-2.0
/*
 * Sends a file to a client on this machine, such as a proxy before the server, as far as it takes
 * the bytes at once. They are written from a map: between two processes of one machine that takes
 * less of the processors than sendfile, whose small pages the client has to copy one by one.
 */
#include "wire.h"

#include <http_core.h>
#include <util_filter.h>

#include <apr_buckets.h>
#include <apr_mmap.h>

#define WINDOW (4 << 20) /* bytes that are mapped at once */

/* Bytes of one write. Those that the socket has no room for stay in httpd's last filter, which
 * would hold the thread for a slow client if they were 64 KiB, with the headers. */
#define PIECE (60 << 10)

/* Returns whether the answer can be sent in pieces: httpd cuts ranges from a whole one. */
static bool takes_pieces(const request_rec *r)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    bool sealed;

    return core->enable_mmap != ENABLE_MMAP_OFF && rc_http_is_local(r->connection) &&
           !r->header_only && !apr_table_get(r->headers_in, "Range") &&
           (rc_http_core_filter(r, &sealed) && !sealed);
}

/* Returns the first bucket of @a bb that is a file; NULL without one. */
static apr_bucket *first_file(const apr_bucket_brigade *bb)
{
    apr_bucket *at = APR_BRIGADE_FIRST(bb);

    while (at != APR_BRIGADE_SENTINEL(bb) && !APR_BUCKET_IS_FILE(at))
        at = APR_BUCKET_NEXT(at);
    return at == APR_BRIGADE_SENTINEL(bb) ? NULL : at;
}

/* Sends @a window after @a ahead, a piece at a time, while the socket has room. Returns how much of
 * the window; @a rv is what the filters returned. */
static apr_size_t send_pieces(apr_status_t *rv, request_rec *r, apr_bucket_brigade *ahead,
                              apr_bucket_brigade *window)
{
    apr_size_t sent = 0;

    while (!APR_BRIGADE_EMPTY(window) && !r->connection->data_in_output_filters && !*rv) {
        apr_bucket *piece, *next;

        apr_brigade_partition(window, PIECE, &next);
        piece = APR_BRIGADE_FIRST(window);
        sent += piece->length;
        APR_BUCKET_REMOVE(piece);
        APR_BRIGADE_INSERT_TAIL(ahead, piece);
        *rv = ap_pass_brigade(r->output_filters, ahead);
        apr_brigade_cleanup(ahead);
    }
    return sent;
}

/* Sends what is @a ahead, and the first bytes of the bucket @a file. Returns how many of them. */
static apr_size_t send_windows(apr_status_t *rv, request_rec *r, apr_bucket_brigade *ahead,
                               const apr_bucket *file)
{
    apr_bucket_alloc_t *alloc = r->connection->bucket_alloc;
    apr_bucket_brigade *window = apr_brigade_create(r->pool, alloc);
    apr_file_t *fd = ((apr_bucket_file *)file->data)->fd;
    apr_size_t sent = 0;
    apr_mmap_t *map;

    do {
        apr_size_t len = file->length - sent < WINDOW ? file->length - sent : WINDOW;

        if (apr_mmap_create(&map, fd, file->start + (apr_off_t)sent, len, APR_MMAP_READ, r->pool))
            break; /* sendfile does it */
        APR_BRIGADE_INSERT_TAIL(window, apr_bucket_mmap_create(map, 0, len, alloc));
        sent += send_pieces(rv, r, ahead, window);
    } while (APR_BRIGADE_EMPTY(window) && sent < file->length && !*rv);
    apr_brigade_destroy(window);
    return sent;
}

apr_status_t rc_http_send_mapped(request_rec *r, apr_bucket_brigade *bb)
{
    apr_bucket *file = takes_pieces(r) ? first_file(bb) : NULL;
    apr_bucket_brigade *ahead;
    apr_status_t rv = APR_SUCCESS;
    apr_size_t sent;

    if (!file)
        return APR_SUCCESS;
    ahead = bb;
    bb = apr_brigade_split(bb, file);
    sent = send_windows(&rv, r, ahead, file);
    if (sent && sent < file->length)
        apr_bucket_split(file, sent);
    if (sent)
        apr_bucket_delete(file);
    APR_BRIGADE_CONCAT(ahead, bb);
    return rv;
}
