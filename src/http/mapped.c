// SPDX-License-Identifier: Apache-2.0
/*
 * Sends a file to a client on this machine, such as a proxy before the server, while it takes the
 * bytes about as fast as they come. They are written from a map: between two processes of one
 * machine that takes less of the processors than sendfile, whose small pages the client has to copy
 * one by one. The rest of what a slower client gets is sent by sendfile, without a thread.
 */
#include "wire.h"

#include <http_core.h>
#include <util_filter.h>

#include <apr_buckets.h>
#include <apr_mmap.h>

#include "base/time.h"

#define WINDOW (4 << 20) /* bytes of a map */

/* Bytes that go by httpd's filters, after the headers. What the socket has no room for stays in the
 * last one, which would hold the thread for a slow client if it were 64 KiB. */
#define FIRST (60 << 10)

/* How long a thread waits for a client that takes nothing, and how long it sends at all. */
#define PATIENCE apr_time_from_msec(10)
#define LONGEST  apr_time_from_msec(200)

/* Returns whether the answer can be sent from a map: httpd cuts ranges from a whole one. */
static bool takes_map(const request_rec *r)
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

/* Writes @a text to the socket of @a c, past httpd's filters, while the client takes it and until
 * @a end. Returns how many bytes. */
static apr_size_t write_text(conn_rec *c, const char *text, apr_size_t len, apr_time_t end)
{
    APR_OPTIONAL_FN_TYPE(ap_logio_add_bytes_out) * count;
    apr_socket_t *socket = ap_get_conn_socket(c);
    apr_interval_time_t timeout;
    apr_size_t sent = 0, n;

    apr_socket_timeout_get(socket, &timeout);
    apr_socket_timeout_set(socket, PATIENCE);
    for (; sent < len && rc_clock() < end; sent += n) {
        n = len - sent;
        if (apr_socket_send(socket, text + sent, &n) || !n)
            break; /* an error meets httpd's filter again */
    }
    apr_socket_timeout_set(socket, timeout);
    if ((count = APR_RETRIEVE_OPTIONAL_FN(ap_logio_add_bytes_out)))
        count(c, (apr_off_t)sent);
    return sent;
}

/* Sends what is @a ahead, and the first bytes of @a map, by httpd's filters; the next ones without
 * them, if the socket took the first, and the answer has its length (httpd has decided by now: it
 * sends chunks when a directive has removed that). Returns how many of the map. */
static apr_size_t send_map(apr_status_t *rv, request_rec *r, apr_bucket_brigade *ahead,
                           const apr_mmap_t *map, apr_time_t end)
{
    conn_rec *c = r->connection;
    apr_size_t first = map->size < FIRST ? map->size : FIRST, more;

    APR_BRIGADE_INSERT_TAIL(ahead, apr_bucket_immortal_create(map->mm, first, c->bucket_alloc));
    *rv = ap_pass_brigade(r->output_filters, ahead);
    apr_brigade_cleanup(ahead);
    if (*rv || c->data_in_output_filters || r->chunked)
        return first;
    more = write_text(c, (const char *)map->mm + first, map->size - first, end);
    r->bytes_sent += (apr_off_t)more;
    return first + more;
}

/* Sends what is @a ahead, and the first bytes of the bucket @a file. Returns how many of them. */
static apr_size_t send_maps(apr_status_t *rv, request_rec *r, apr_bucket_brigade *ahead,
                            const apr_bucket *file)
{
    apr_file_t *fd = ((apr_bucket_file *)file->data)->fd;
    apr_time_t end = rc_clock() + LONGEST;
    apr_size_t sent = 0, len, n;
    apr_mmap_t *map;

    do {
        len = file->length - sent < WINDOW ? file->length - sent : WINDOW;
        if (apr_mmap_create(&map, fd, file->start + (apr_off_t)sent, len, APR_MMAP_READ, r->pool))
            break; /* sendfile does it */
        sent += n = send_map(rv, r, ahead, map, end);
        if (!r->connection->data_in_output_filters)
            apr_mmap_delete(map);
    } while (n == len && sent < file->length && !*rv);
    return sent;
}

apr_status_t rc_http_send_mapped(request_rec *r, apr_bucket_brigade *bb)
{
    apr_bucket *file = takes_map(r) ? first_file(bb) : NULL;
    apr_socket_t *socket = ap_get_conn_socket(r->connection);
    apr_bucket_brigade *ahead;
    apr_status_t rv = APR_SUCCESS;
    apr_size_t sent;

    if (!file)
        return APR_SUCCESS;
    ahead = bb;
    bb = apr_brigade_split(bb, file);
    apr_socket_opt_set(socket, APR_TCP_NOPUSH, 1); /* no client wakes for the first bytes */
    sent = send_maps(&rv, r, ahead, file);
    apr_socket_opt_set(socket, APR_TCP_NOPUSH, 0);
    if (sent && sent < file->length)
        apr_bucket_split(file, sent);
    if (sent)
        apr_bucket_delete(file);
    APR_BRIGADE_CONCAT(ahead, bb);
    return rv;
}
