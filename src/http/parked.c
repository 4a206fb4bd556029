// SPDX-License-Identifier: Apache-2.0
/*
 * Continues one suspended connection: sends its answer, then ends it as the MPM would. httpd 2.4
 * can suspend a connection, but has no function that resumes it. So it is closed after the answer,
 * and destroyed here: the MPM counts a connection that is destroyed in the state SUSPENDED.
 */
#include "parked.h"

#include <ap_mpm.h>
#include <http_connection.h>
#include <http_core.h>
#include <http_request.h>

#include <poll.h>
#include <sys/socket.h>

#include "base/time.h"

#define LINGER       apr_time_from_sec(30) /* as httpd waits for a client that closes */
#define SHORT_LINGER apr_time_from_sec(2)  /* when the server stops */

/* httpd's thread writes to the connection twice after the hook that hands it over. The first is
 * seen (c->sbh), the second is the next instruction. */
#define SETTLE apr_time_from_sec(1)

static bool is_old(const rc_parked_t *parked)
{
    return rc_clock() - parked->since >= SETTLE;
}

static bool is_settled(const rc_parked_t *parked)
{
    return !__atomic_load_n(&parked->c->sbh, __ATOMIC_ACQUIRE) || is_old(parked);
}

static bool is_stopping(void)
{
    int state = AP_MPMQ_RUNNING;

    return ap_mpm_query(AP_MPMQ_MPM_STATE, &state) == APR_SUCCESS && state == AP_MPMQ_STOPPING;
}

static rc_parked_now_t destroy(rc_parked_t *parked)
{
    conn_rec *c = parked->c;

    if (!is_settled(parked))
        return RC_PARKED_IDLE;
    c->cs->state = CONN_STATE_SUSPENDED;
    apr_pool_destroy(c->pool);
    return RC_PARKED_GONE;
}

static rc_parked_now_t release(rc_parked_t *parked)
{
    return is_old(parked) ? destroy(parked) : RC_PARKED_IDLE;
}

static rc_parked_now_t go_to(rc_parked_t *parked, rc_parked_now_t (*step)(rc_parked_t *))
{
    parked->moved = rc_clock();
    parked->step = step;
    return RC_PARKED_MOVED;
}

static rc_parked_now_t close_socket(rc_parked_t *parked)
{
    apr_socket_close(ap_get_conn_socket(parked->c));
    return go_to(parked, release);
}

/* Reads until the client has closed: before, a reset could overtake the answer. */
static rc_parked_now_t linger(rc_parked_t *parked)
{
    apr_interval_time_t longest = is_stopping() ? SHORT_LINGER : LINGER;
    char buf[8192];
    apr_size_t len = sizeof(buf);
    apr_status_t rv = apr_socket_recv(ap_get_conn_socket(parked->c), buf, &len);

    if (rv == APR_SUCCESS)
        return RC_PARKED_MOVED;
    if (APR_STATUS_IS_EAGAIN(rv) && rc_clock() - parked->moved < longest)
        return RC_PARKED_IDLE;
    return close_socket(parked);
}

static rc_parked_now_t start_closing(rc_parked_t *parked)
{
    apr_socket_t *socket = ap_get_conn_socket(parked->c);

    apr_socket_timeout_set(socket, SHORT_LINGER);
    if (ap_start_lingering_close(parked->c))
        return close_socket(parked);
    apr_socket_timeout_set(socket, 0);
    return go_to(parked, linger);
}

/* The request is complete; httpd's filter holds what the client has not taken. */
static rc_parked_now_t send_rest(rc_parked_t *parked)
{
    conn_rec *c = parked->c;
    struct pollfd at = {.fd = rc_http_client_fd(c), .events = POLLOUT};

    if (c->aborted)
        return start_closing(parked);
    if (poll(&at, 1, 0) > 0) {
        if (!c->data_in_output_filters)
            return start_closing(parked);
        parked->moved = rc_clock();
        c->aborted = rc_http_push(c) != APR_SUCCESS;
        return RC_PARKED_MOVED;
    }
    c->aborted = rc_clock() - parked->moved >= parked->timeout;
    return RC_PARKED_IDLE;
}

/* As httpd does after a handler. The request may be gone after that. */
static rc_parked_now_t end_request(rc_parked_t *parked, const rc_err_t *err)
{
    request_rec *r = parked->r;

    parked->r = NULL;
    parked->c->keepalive = AP_CONN_CLOSE; /* for a refusal: another answer has said it */
    ap_die(parked->complete(r, parked->note, err), r);
    ap_process_request_after_handler(r);
    rc_http_log_request(NULL);
    return go_to(parked, send_rest);
}

static rc_parked_now_t send_answer(rc_parked_t *parked)
{
    static const rc_parked_now_t results[] = {
        [RC_SENT] = RC_PARKED_MOVED, [RC_NOTHING] = RC_PARKED_IDLE, [RC_LEADS] = RC_PARKED_LEADS};
    rc_sending_t sending;
    rc_err_t *err;

    if (!is_settled(parked))
        return RC_PARKED_IDLE;
    rc_http_log_request(parked->r);
    sending = rc_http_send_some(&err, parked->sender);
    if (sending == RC_OVER)
        return end_request(parked, err);
    rc_http_log_request(NULL);
    return results[sending];
}

void rc_parked_lead(rc_parked_t *parked)
{
    rc_http_log_request(parked->r);
    end_request(parked, rc_http_send_rest(parked->sender));
}

void rc_parked_cut(rc_parked_t *parked)
{
    shutdown(rc_http_client_fd(parked->c), SHUT_RDWR);
}

void rc_parked_begin(rc_parked_t *parked)
{
    parked->timeout = parked->r->server->timeout;
    parked->step = send_answer;
}

void rc_parked_drop(rc_parked_t *parked)
{
    parked->step = destroy;
}
