// SPDX-License-Identifier: Apache-2.0
/*
 * Moves bytes between a program and the remote, in both directions, without blocking. It first
 * reads a request, connects to the first address that answers, and then does not look at what it
 * moves.
 */
#include "tunnel.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/time.h"

#define ROOM         (32 * 1024)
#define TURNS        64 /* before others are served */
#define CONNECT_TIME apr_time_from_sec(15)

#define ESTABLISHED "HTTP/1.1 200 Connection established\r\n\r\n"
#define REFUSED     "HTTP/1.1 403 Forbidden\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"
#define UNREACHED   "HTTP/1.1 502 Bad Gateway\r\nConnection: close\r\nContent-Length: 0\r\n\r\n"

/* One end of the tunnel. */
typedef struct side_t {
    int fd;        /* -1: none */
    bool watched;  /* by epoll */
    unsigned mask; /* what it is watched for */
} side_t;

/* The bytes in one direction. */
typedef struct lane_t {
    char data[ROOM];
    apr_size_t from, to; /* what has been read and not written */
    bool ended;          /* nothing more can be read */
    bool shut;           /* and all was written */
} lane_t;

typedef enum { READING, CONNECTING, MOVING, CLOSING } phase_t;

struct rc_tunnel_t {
    rc_tunnels_t *shared;
    phase_t phase;
    side_t program, remote;
    lane_t up, down;
    rc_head_t head;
    apr_size_t used; /* bytes of the head that are not passed on */
    int port, address;
    apr_time_t since; /* when it began to connect */
};

rc_tunnel_t *rc_tunnel_make(rc_tunnels_t *shared, apr_pool_t *pool)
{
    rc_tunnel_t *tunnel = apr_pcalloc(pool, sizeof(*tunnel));

    tunnel->shared = shared;
    tunnel->program.fd = tunnel->remote.fd = -1;
    return tunnel;
}

bool rc_tunnel_is_open(const rc_tunnel_t *tunnel)
{
    return tunnel->program.fd >= 0;
}

/* --- watching --- */

static void watch(rc_tunnel_t *tunnel, side_t *side, unsigned mask)
{
    struct epoll_event event = {.events = mask};
    int what = side->watched ? EPOLL_CTL_MOD : EPOLL_CTL_ADD;

    if (side->fd < 0 || (side->watched && side->mask == mask) || (!side->watched && !mask))
        return;
    if (!mask) /* not even for its end, which would be reported again and again */
        what = EPOLL_CTL_DEL;
    epoll_ctl(tunnel->shared->epoll, what, side->fd, &event);
    side->watched = mask != 0;
    side->mask = mask;
}

static unsigned wanted(const lane_t *in, const lane_t *out)
{
    bool room = !in->ended && in->to < ROOM;

    return (room ? EPOLLIN : 0u) | (out->from < out->to ? EPOLLOUT : 0u);
}

static void watch_both(rc_tunnel_t *tunnel)
{
    if (tunnel->phase == CONNECTING) {
        watch(tunnel, &tunnel->program, 0);
        watch(tunnel, &tunnel->remote, EPOLLOUT);
        return;
    }
    if (tunnel->phase == CLOSING) {
        watch(tunnel, &tunnel->program, EPOLLOUT);
        return;
    }
    watch(tunnel, &tunnel->program, wanted(&tunnel->up, &tunnel->down));
    watch(tunnel, &tunnel->remote, wanted(&tunnel->down, &tunnel->up));
}

static void close_side(side_t *side)
{
    if (side->fd >= 0)
        close(side->fd); /* epoll forgets it */
    *side = (side_t){.fd = -1};
}

void rc_tunnel_close(rc_tunnel_t *tunnel)
{
    close_side(&tunnel->program);
    close_side(&tunnel->remote);
}

/* --- moving --- */

static bool is_patient(ssize_t n)
{
    return n < 0 && (errno == EAGAIN || errno == EWOULDBLOCK || errno == EINTR);
}

/* Reads once; returns how many bytes came. A broken connection is an end. */
static apr_size_t take_in(lane_t *lane, const side_t *side)
{
    ssize_t n;

    if (lane->from == lane->to)
        lane->from = lane->to = 0;
    if (lane->ended || lane->to == ROOM)
        return 0;
    n = recv(side->fd, lane->data + lane->to, ROOM - lane->to, 0);
    if (n <= 0 && !is_patient(n))
        lane->ended = true;
    lane->to += n > 0 ? (apr_size_t)n : 0;
    return n > 0 ? (apr_size_t)n : 0;
}

/* Writes once; returns how many bytes went. Passes the end on. */
static apr_size_t pass_on(lane_t *lane, const side_t *side)
{
    ssize_t n = 0;

    if (lane->from < lane->to)
        n = send(side->fd, lane->data + lane->from, lane->to - lane->from, MSG_NOSIGNAL);
    if (n < 0 && !is_patient(n)) { /* nobody reads: what is left is lost */
        lane->ended = true;
        lane->from = lane->to;
    }
    lane->from += n > 0 ? (apr_size_t)n : 0;
    if (lane->ended && lane->from == lane->to && !lane->shut) {
        lane->shut = true;
        shutdown(side->fd, SHUT_WR);
    }
    return n > 0 ? (apr_size_t)n : 0;
}

static void move(rc_tunnel_t *tunnel)
{
    apr_size_t moved = 1, got;
    int turn;

    for (turn = 0; turn < TURNS && moved; turn++) {
        moved = take_in(&tunnel->up, &tunnel->program);
        moved += pass_on(&tunnel->up, &tunnel->remote);
        got = take_in(&tunnel->down, &tunnel->remote);
        tunnel->shared->received += (apr_off_t)got;
        moved += got + pass_on(&tunnel->down, &tunnel->program);
    }
    if (tunnel->down.shut) /* the program has the whole answer */
        rc_tunnel_close(tunnel);
}

/* --- connecting --- */

static void say(rc_tunnel_t *tunnel, const char *text)
{
    lane_t *down = &tunnel->down;

    down->from = 0;
    down->to = strlen(text);
    memcpy(down->data, text, down->to);
}

static void say_last(rc_tunnel_t *tunnel, const char *text)
{
    say(tunnel, text);
    tunnel->down.ended = true;
    tunnel->phase = CLOSING;
}

/* Begins to connect to an address; returns false when that has failed already. */
static bool try_address(rc_tunnel_t *tunnel, const char *address)
{
    struct addrinfo hints = {.ai_flags = AI_NUMERICHOST | AI_NUMERICSERV,
                             .ai_socktype = SOCK_STREAM};
    struct addrinfo *info;
    char port[12];
    bool begun;

    apr_snprintf(port, sizeof(port), "%d", tunnel->port);
    if (getaddrinfo(address, port, &hints, &info))
        return false;
    tunnel->remote.fd =
        socket(info->ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, info->ai_protocol);
    begun = tunnel->remote.fd >= 0 &&
            (!connect(tunnel->remote.fd, info->ai_addr, info->ai_addrlen) || errno == EINPROGRESS);
    freeaddrinfo(info);
    return begun;
}

static void try_next(rc_tunnel_t *tunnel)
{
    const apr_array_header_t *addresses = tunnel->shared->url->addresses;

    tunnel->phase = CONNECTING;
    while (tunnel->address < addresses->nelts) {
        close_side(&tunnel->remote);
        tunnel->since = rc_clock();
        if (try_address(tunnel, APR_ARRAY_IDX(addresses, tunnel->address++, const char *)))
            return;
    }
    close_side(&tunnel->remote);
    say_last(tunnel, UNREACHED);
}

static void begin_moving(rc_tunnel_t *tunnel)
{
    tunnel->phase = MOVING;
    if (tunnel->head != RC_HEAD_TUNNEL)
        return;
    tunnel->up.from = tunnel->used;
    say(tunnel, ESTABLISHED);
}

/* Looks whether the connection is there, failed, or takes too long. */
static void look_at_connect(rc_tunnel_t *tunnel)
{
    struct sockaddr peer; /* cut to this: only whether there is one counts */
    socklen_t peer_len = sizeof(peer), len = sizeof(int);
    int failure = 0;

    if (getsockopt(tunnel->remote.fd, SOL_SOCKET, SO_ERROR, &failure, &len) || failure ||
        rc_clock() - tunnel->since > CONNECT_TIME)
        try_next(tunnel);
    else if (!getpeername(tunnel->remote.fd, &peer, &peer_len))
        begin_moving(tunnel);
}

static void read_request(rc_tunnel_t *tunnel)
{
    lane_t *up = &tunnel->up;

    take_in(up, &tunnel->program);
    tunnel->head = rc_tunnel_head(&tunnel->port, &tunnel->used, tunnel->shared, up->data, up->to);
    if (tunnel->head == RC_HEAD_PLAIN && tunnel->shared->single &&
        !rc_tunnel_single(up->data, &up->to, ROOM))
        tunnel->head = RC_HEAD_BAD;
    if (tunnel->head == RC_HEAD_PLAIN || tunnel->head == RC_HEAD_TUNNEL)
        try_next(tunnel);
    else if (tunnel->head == RC_HEAD_BAD || up->to == ROOM)
        say_last(tunnel, REFUSED);
    else if (up->ended)
        rc_tunnel_close(tunnel);
}

/* --- the tunnel --- */

void rc_tunnel_begin(rc_tunnel_t *tunnel, int fd)
{
    rc_tunnels_t *shared = tunnel->shared;

    memset(tunnel, 0, sizeof(*tunnel));
    tunnel->shared = shared;
    tunnel->program.fd = fd;
    tunnel->remote.fd = -1;
}

void rc_tunnel_serve(rc_tunnel_t *tunnel)
{
    if (tunnel->phase == READING)
        read_request(tunnel);
    if (tunnel->phase == CONNECTING)
        look_at_connect(tunnel);
    if (tunnel->phase == MOVING)
        move(tunnel);
    if (tunnel->phase == CLOSING && (pass_on(&tunnel->down, &tunnel->program), tunnel->down.shut))
        rc_tunnel_close(tunnel);
    if (rc_tunnel_is_open(tunnel))
        watch_both(tunnel);
}
