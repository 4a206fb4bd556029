// SPDX-License-Identifier: Apache-2.0
/*
 * Sends a file to a client on this machine, such as a proxy before the server, while it takes the
 * bytes about as fast as they come. Headers and file are written in one call, from a map: between
 * two processes of one machine that takes less of the processors than sendfile, whose small pages
 * the client has to copy one by one, and the client wakes once. The rest of what a slower client
 * gets is sent by sendfile: under the event MPM without a thread. A filter before httpd's last one
 * does it.
 */
#include "http.h"
#include "wire.h"

#include <poll.h>

#include <http_core.h>
#include <util_filter.h>

#include <apr_buckets.h>
#include <apr_mmap.h>
#include <apr_portable.h>

#include "base/time.h"
#include "base/unconst.h"

#define FILTER "RCAPI_MAPPED"

#define AHEAD  4         /* buckets before the file: headers, the text before it */
#define WINDOW (4 << 20) /* bytes of a map */

/* How long a thread waits for a client that takes nothing, and how long it sends at all. */
#define PATIENCE 10 /* milliseconds */
#define LONGEST  apr_time_from_msec(200)

/* The filter of one connection. */
typedef struct mapped_t {
    apr_pool_t *pool;       /* of the request; NULL while there is none for this filter */
    apr_bucket_brigade *bb; /* what is ahead of its file */
} mapped_t;

/* Returns the first bucket of @a bb that is a file; NULL without one. */
static apr_bucket *first_file(const apr_bucket_brigade *bb)
{
    apr_bucket *at = APR_BRIGADE_FIRST(bb);

    while (at != APR_BRIGADE_SENTINEL(bb) && !APR_BUCKET_IS_FILE(at))
        at = APR_BUCKET_NEXT(at);
    return at == APR_BRIGADE_SENTINEL(bb) ? NULL : at;
}

/* Sets @a vec to what is before @a file in @a bb. Returns how many buckets; -1 when they are too
 * many. */
static int gather(struct iovec *vec, const apr_bucket_brigade *bb, const apr_bucket *file)
{
    apr_bucket *at = APR_BRIGADE_FIRST(bb);
    const char *text;
    apr_size_t len;
    int n = 0;

    for (; at != file; at = APR_BUCKET_NEXT(at)) {
        if (n == AHEAD || apr_bucket_read(at, &text, &len, APR_NONBLOCK_READ))
            return -1;
        vec[n++] = (struct iovec){rc_unconst(text), len};
    }
    return n;
}

/* Removes @a sent bytes from @a vec. */
static void advance(struct iovec *vec, int n, apr_size_t sent)
{
    for (int i = 0; i < n; i++) {
        apr_size_t len = sent < vec[i].iov_len ? sent : vec[i].iov_len;

        vec[i] = (struct iovec){(char *)vec[i].iov_base + len, vec[i].iov_len - len};
        sent -= len;
    }
}

/* Returns whether the client takes more within PATIENCE. */
static bool takes_more(apr_socket_t *socket)
{
    struct pollfd at = {.events = POLLOUT};

    return !apr_os_sock_get(&at.fd, socket) && poll(&at, 1, PATIENCE) > 0;
}

/* Writes the @a n texts of @a vec to @a socket, which has no timeout, until @a end. Returns how
 * many bytes. */
static apr_size_t write_texts(apr_socket_t *socket, struct iovec *vec, int n, apr_time_t end)
{
    apr_size_t sent = 0, more;

    do {
        if (apr_socket_sendv(socket, vec, n, &more) || !more)
            break; /* an error meets httpd's filter again */
        sent += more;
        advance(vec, n, more);
    } while (vec[n - 1].iov_len && rc_clock() < end && takes_more(socket));
    return sent;
}

/* Writes the first bytes of @a bb up to the end of its @a file, as many as the client takes.
 * Returns how many. */
static apr_size_t write_maps(apr_socket_t *socket, const apr_bucket_brigade *bb,
                             const apr_bucket *file, apr_pool_t *pool)
{
    const apr_bucket_file *source = file->data;
    apr_time_t end = rc_clock() + LONGEST;
    apr_size_t done = 0, sent = 0, len;
    struct iovec vec[AHEAD + 1];
    int n = gather(vec, bb, file);
    apr_mmap_t *map;

    if (n < 0)
        return 0;
    do {
        len = file->length - done < WINDOW ? file->length - done : WINDOW;
        if (apr_mmap_create(&map, source->fd, file->start + (apr_off_t)done, len, APR_MMAP_READ,
                            pool))
            break; /* sendfile does it */
        vec[n] = (struct iovec){map->mm, len};
        sent += write_texts(socket, vec, n + 1, end);
        len = vec[n].iov_len;
        done += map->size;
        apr_mmap_delete(map);
        n = 0;
    } while (!len && done < file->length && rc_clock() < end);
    return sent;
}

/* Sends what it can of @a bb, past httpd's last filter, and removes it. */
static void send_first(conn_rec *c, apr_bucket_brigade *bb, const apr_bucket *file,
                       apr_pool_t *pool)
{
    APR_OPTIONAL_FN_TYPE(ap_logio_add_bytes_out) * count;
    apr_socket_t *socket = ap_get_conn_socket(c);
    apr_interval_time_t timeout;
    apr_bucket *rest;
    apr_size_t sent;

    apr_socket_timeout_get(socket, &timeout);
    /* With a timeout, APR would note that a write was partial: the next one, which is httpd's and
     * has no timeout, would fail. */
    apr_socket_timeout_set(socket, 0);
    sent = write_maps(socket, bb, file, pool);
    apr_socket_timeout_set(socket, timeout);
    if (!sent)
        return;
    if ((count = APR_RETRIEVE_OPTIONAL_FN(ap_logio_add_bytes_out)))
        count(c, (apr_off_t)sent);
    apr_brigade_partition(bb, (apr_off_t)sent, &rest);
    while (APR_BRIGADE_FIRST(bb) != rest)
        apr_bucket_delete(APR_BRIGADE_FIRST(bb));
}

/* Keeps what is ahead of a file, and sends both. */
static apr_status_t filter_mapped(ap_filter_t *f, apr_bucket_brigade *bb)
{
    mapped_t *mapped = f->ctx;
    const apr_bucket *file;
    apr_status_t rv;

    if (!mapped->pool)
        return ap_pass_brigade(f->next, bb);
    rv = ap_save_brigade(f, &mapped->bb, &bb, mapped->pool);
    if (rv || !(file = first_file(mapped->bb)))
        return rv;
    if (!f->c->data_in_output_filters)
        send_first(f->c, mapped->bb, file, mapped->pool);
    mapped->pool = NULL;
    return ap_pass_brigade(f->next, mapped->bb);
}

/* Returns the filter of the connection of @a r, and adds it to the first answer. */
static ap_filter_t *own_filter(request_rec *r)
{
    conn_rec *c = r->connection;
    ap_filter_t *f = c->output_filters;

    while (f && f->frec->filter_func.out_func != filter_mapped)
        f = f->next;
    return f ? f : ap_add_output_filter(FILTER, apr_pcalloc(c->pool, sizeof(mapped_t)), r, c);
}

/* Returns whether the answer can be sent from a map. */
static bool takes_map(const request_rec *r, const apr_bucket_brigade *bb)
{
    const core_dir_config *core = ap_get_core_module_config(r->per_dir_config);
    bool sealed;

    return core->enable_mmap != ENABLE_MMAP_OFF && rc_http_is_local(r->connection) &&
           !r->header_only && first_file(bb) && rc_http_core_filter(r, &sealed) && !sealed;
}

apr_status_t rc_http_pass(request_rec *r, apr_bucket_brigade *bb)
{
    mapped_t *mapped;
    apr_status_t rv;

    if (!takes_map(r, bb))
        return ap_pass_brigade(r->output_filters, bb);
    mapped = own_filter(r)->ctx;
    *mapped = (mapped_t){r->pool, NULL};
    rv = ap_pass_brigade(r->output_filters, bb);
    if (mapped->pool && mapped->bb) { /* no file came, but an error page instead of it */
        mapped->pool = NULL;
        ap_pass_brigade(r->connection->output_filters, mapped->bb);
    }
    mapped->pool = NULL;
    return rv;
}

void rc_http_register_mapped(void)
{
    ap_register_output_filter(FILTER, filter_mapped, NULL, AP_FTYPE_NETWORK - 1);
}
