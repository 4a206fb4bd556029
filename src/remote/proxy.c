// SPDX-License-Identifier: Apache-2.0
/*
 * Listens for the connections of one program, and runs the program. tunnel.c has a connection.
 */
#include "remote/proxy.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "tunnel.h"

#define MAX_TUNNELS 16
#define PATIENCE    apr_time_from_msec(250)

struct rc_proxy_t {
    rc_tunnels_t shared;
    int listener, port;
    rc_tunnel_t *tunnels[MAX_TUNNELS]; /* a closed one is used again */
    int count;
    apr_pool_t *pool;
};

static apr_status_t close_all(void *baton)
{
    rc_proxy_t *proxy = baton;
    int i;

    for (i = 0; i < proxy->count; i++)
        rc_tunnel_close(proxy->tunnels[i]);
    if (proxy->listener >= 0)
        close(proxy->listener);
    if (proxy->shared.epoll >= 0)
        close(proxy->shared.epoll);
    return APR_SUCCESS;
}

static bool begin_listening(rc_proxy_t *proxy)
{
    union {
        struct sockaddr any;
        struct sockaddr_in in;
    } here = {.in = {.sin_family = AF_INET}};
    struct epoll_event event = {.events = EPOLLIN};
    socklen_t len = sizeof(here);

    here.in.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    proxy->shared.epoll = epoll_create1(EPOLL_CLOEXEC);
    proxy->listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
    if (proxy->shared.epoll < 0 || proxy->listener < 0)
        return false;
    if (bind(proxy->listener, &here.any, sizeof(here)) || listen(proxy->listener, MAX_TUNNELS) ||
        getsockname(proxy->listener, &here.any, &len))
        return false;
    proxy->port = ntohs(here.in.sin_port);
    return !epoll_ctl(proxy->shared.epoll, EPOLL_CTL_ADD, proxy->listener, &event);
}

rc_err_t *rc_proxy_open(rc_proxy_t **out, const rc_remote_url_t *url, apr_pool_t *pool)
{
    rc_proxy_t *proxy = apr_pcalloc(pool, sizeof(*proxy));

    proxy->pool = pool;
    proxy->shared.url = url;
    proxy->shared.epoll = proxy->listener = -1;
    apr_pool_cleanup_register(pool, proxy, close_all, apr_pool_cleanup_null);
    if (!begin_listening(proxy))
        return rc_err_internal(pool, errno, "cannot open a proxy on 127.0.0.1");
    *out = proxy;
    return NULL;
}

void rc_proxy_single(rc_proxy_t *proxy)
{
    proxy->shared.single = true;
}

int rc_proxy_port(const rc_proxy_t *proxy)
{
    return proxy->port;
}

apr_off_t rc_proxy_received(const rc_proxy_t *proxy)
{
    return proxy->shared.received;
}

const char *rc_proxy_refused(const rc_proxy_t *proxy)
{
    return *proxy->shared.refused ? proxy->shared.refused : NULL;
}

int rc_proxy_fd(const rc_proxy_t *proxy)
{
    return proxy->shared.epoll;
}

/* Returns a tunnel that is not in use; NULL when all are. */
static rc_tunnel_t *free_tunnel(rc_proxy_t *proxy)
{
    int i;

    for (i = 0; i < proxy->count; i++)
        if (!rc_tunnel_is_open(proxy->tunnels[i]))
            return proxy->tunnels[i];
    if (proxy->count == MAX_TUNNELS)
        return NULL;
    proxy->tunnels[proxy->count] = rc_tunnel_make(&proxy->shared, proxy->pool);
    return proxy->tunnels[proxy->count++];
}

/* A connection for which there is no tunnel is closed at once. */
static void take_connections(rc_proxy_t *proxy)
{
    int fd;

    while ((fd = accept4(proxy->listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0) {
        rc_tunnel_t *tunnel = free_tunnel(proxy);

        if (tunnel)
            rc_tunnel_begin(tunnel, fd);
        else
            close(fd);
    }
}

void rc_proxy_serve(rc_proxy_t *proxy)
{
    int i;

    take_connections(proxy);
    for (i = 0; i < proxy->count; i++)
        if (rc_tunnel_is_open(proxy->tunnels[i]))
            rc_tunnel_serve(proxy->tunnels[i]);
}

rc_err_t *rc_proxy_run(rc_proc_result_t *result, const rc_proc_t *proc, rc_proxy_t *proxy,
                       apr_pool_t *pool)
{
    rc_child_wait_t wait = {.longest = PATIENCE};
    rc_child_t *child;
    bool go_on = true;

    if (!proxy)
        return rc_proc_run(result, proc, pool);
    wait.readable = proxy->shared.epoll;
    RC_TRY(rc_child_start_given(&child, proc, pool));
    while (go_on && !rc_child_has_ended(child)) {
        go_on = rc_child_wait(child, &wait);
        rc_proxy_serve(proxy);
    }
    return rc_child_end(result, child, !go_on, pool);
}
