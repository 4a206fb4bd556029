// SPDX-License-Identifier: Apache-2.0
/*
 * Reports whether the client of a request has gone, so that the work on its answer can stop.
 */
#include "http.h"

#include <http_core.h>
#include <http_ssl.h>

#include <poll.h>
#include <sys/socket.h>

#include <apr_portable.h>

/* Returns whether a client that closed its sending side still reads answers: then it has sent more
 * requests. With TLS, the last bytes are only the closing alert. */
static bool waits_for_us(conn_rec *c, int fd)
{
    char byte;

    return !ap_ssl_conn_is_ssl(c) && recv(fd, &byte, 1, MSG_PEEK | MSG_DONTWAIT) > 0;
}

bool rc_http_client_gone(void *baton)
{
    const request_rec *r = baton;
    conn_rec *c = r->connection, *real = c->master ? c->master : c; /* master: of HTTP/2 */
    apr_socket_t *socket = ap_get_conn_socket(real);
    struct pollfd at = {.events = POLLRDHUP};
    apr_os_sock_t fd;

    if (c->aborted || real->aborted)
        return true;
    if (!socket || apr_os_sock_get(&fd, socket) != APR_SUCCESS)
        return false;
    at.fd = fd;
    if (fd < 0) /* a server that stops at once has closed it */
        return true;
    if (poll(&at, 1, 0) <= 0 || !(at.revents & (POLLRDHUP | POLLHUP | POLLERR | POLLNVAL)))
        return false;
    return at.revents & (POLLHUP | POLLERR | POLLNVAL) || !waits_for_us(real, fd);
}
