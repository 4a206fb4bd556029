// SPDX-License-Identifier: Apache-2.0
/*
 * Waits for the next request of a client, in the thread that has sent it a short answer. Without
 * that, the event MPM gives the connection to its listener, which gives it to another thread when
 * there is something to read: six system calls and a switch more, as much processor time as a small
 * call takes.
 *
 * It waits where the last request came soon after the answer before it, and so long at most. A wait
 * in vain is the last one until the client has been quick again. The answer has been sent and
 * logged before. It does not wait when the process has about as many connections as threads:
 * without a free one, the event MPM closes connections that rest.
 */
#include "next.h"

#include <sched.h>

#include <http_core.h>
#include <http_ssl.h>
#include <scoreboard.h>
#include <util_filter.h>

#include <ap_mpm.h>
#include <apr_atomic.h>

#include "base/time.h"

#define SOON apr_time_from_msec(10)

/* Of a connection. */
typedef struct next_t {
    apr_time_t answered; /* rc_clock(): the last short answer */
    bool soon;           /* the request that it answered came soon after the answer before */
    bool sent;           /* it is the answer of the request that ends */
} next_t;

static volatile apr_uint32_t connections; /* of this process */

static apr_status_t forget_connection(void *unused)
{
    (void)unused;
    apr_atomic_dec32(&connections);
    return APR_SUCCESS;
}

int rc_http_count_connection(conn_rec *c, void *unused)
{
    (void)unused;
    apr_atomic_inc32(&connections);
    apr_pool_cleanup_register(c->pool, NULL, forget_connection, apr_pool_cleanup_null);
    return DECLINED;
}

void rc_http_short_answer(const request_rec *r)
{
    conn_rec *c = r->connection;
    const rc_note_t *note = rc_http_existing_note(r);
    next_t *next = ap_get_module_config(c->conn_config, &rcapi_module);

    if (!next) {
        next = apr_pcalloc(c->pool, sizeof(*next));
        ap_set_module_config(c->conn_config, &rcapi_module, next);
    }
    next->soon = note && next->answered && note->began - next->answered < SOON;
    next->answered = rc_clock();
    next->sent = true;
}

/* Lets a client on this machine, such as a balancer, read its answer and ask again: it may need the
 * processor of this thread. */
static void let_client_ask(const conn_rec *c)
{
    if (apr_sockaddr_equal(c->client_addr, c->local_addr))
        sched_yield();
}

/* What arrives stays in httpd's filter that reads from the socket. It is called without those above
 * it, as mod_reqtimeout's, which would take the end of the wait for that of the request's time. */
static void wait_for_bytes(const request_rec *r)
{
    conn_rec *c = r->connection;
    ap_filter_t *core = c->input_filters;
    apr_socket_t *socket = ap_get_conn_socket(c);
    apr_bucket_brigade *bb = apr_brigade_create(r->pool, c->bucket_alloc);
    apr_interval_time_t time;

    while (core->next)
        core = core->next;
    ap_update_child_status(c->sbh, SERVER_BUSY_KEEPALIVE, NULL);
    apr_socket_timeout_get(socket, &time);
    apr_socket_timeout_set(socket, SOON);
    core->frec->filter_func.in_func(core, bb, AP_MODE_SPECULATIVE, APR_BLOCK_READ, 1);
    apr_socket_timeout_set(socket, time);
    apr_brigade_destroy(bb);
}

/* Some threads are left for connections that come meanwhile. */
static bool are_threads_enough(void)
{
    int threads = 0;

    ap_mpm_query(AP_MPMQ_MAX_THREADS, &threads);
    return (int)apr_atomic_read32(&connections) <= threads - threads / 4 - 1;
}

/* Returns whether httpd will look for bytes of the next request: not where the end of the answer
 * had to wait for the client, and this runs later. Only the event MPM has such a state. */
static bool is_httpd_to_look(const conn_rec *c)
{
    return c->cs && c->cs->state == CONN_STATE_HANDLER;
}

/* With TLS, bytes of the next request can be in mod_ssl's filter already. */
int rc_http_await_next(request_rec *r)
{
    conn_rec *c = r->connection;
    next_t *next = ap_get_module_config(c->conn_config, &rcapi_module);

    if (!next || !next->sent)
        return DECLINED;
    next->sent = false;
    if (c->aborted || c->keepalive != AP_CONN_KEEPALIVE)
        return DECLINED;
    if (next->soon && is_httpd_to_look(c) && !ap_ssl_conn_is_ssl(c) && are_threads_enough())
        wait_for_bytes(r);
    else
        let_client_ask(c);
    return DECLINED;
}
