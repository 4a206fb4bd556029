// SPDX-License-Identifier: Apache-2.0
/*
 * One connection of a proxy: what the program sends, and where it leads. For proxy.c.
 */
#ifndef RC_REMOTE_TUNNEL_H
#define RC_REMOTE_TUNNEL_H

#include "remote/address.h"

/* What the connections of a proxy share. */
typedef struct rc_tunnels_t {
    const rc_remote_url_t *url;
    int epoll;
    bool single;        /* each connection carries one plain request, in the form for servers */
    apr_off_t received; /* bytes from the remote */
    char refused[300];  /* the last "host:port" that was refused; "": none */
} rc_tunnels_t;

typedef struct rc_tunnel_t rc_tunnel_t;

/** Makes a closed tunnel in @a pool. */
rc_tunnel_t *rc_tunnel_make(rc_tunnels_t *shared, apr_pool_t *pool);

bool rc_tunnel_is_open(const rc_tunnel_t *tunnel);

/** Begins with the connection @a fd of the program, which the tunnel closes. */
void rc_tunnel_begin(rc_tunnel_t *tunnel, int fd);

/** Moves what can be moved; closes the tunnel at its end. */
void rc_tunnel_serve(rc_tunnel_t *tunnel);

void rc_tunnel_close(rc_tunnel_t *tunnel);

/* --- tunnel_head.c --- */

typedef enum {
    RC_HEAD_PART,   /* the request has more lines */
    RC_HEAD_PLAIN,  /* a request that is passed on as it is */
    RC_HEAD_TUNNEL, /* CONNECT: only what follows the request is passed on */
    RC_HEAD_BAD     /* no request, or one that leads elsewhere */
} rc_head_t;

/**
 * Reads the first request of a connection, the @a len bytes @a text. *@a port: where it leads on
 * the host of the remote; *@a used: bytes of a CONNECT. A refused place is noted in @a shared.
 */
rc_head_t rc_tunnel_head(int *port, apr_size_t *used, rc_tunnels_t *shared, const char *text,
                         apr_size_t len);

/** Makes the plain request at the beginning of the *@a len bytes @a text one for a server, "GET
 * /path" in place of "GET http://host/path", and the last of its connection. False when more than
 * @a room bytes would be needed, or it has no path. */
bool rc_tunnel_single(char *text, apr_size_t *len, apr_size_t room);

#endif
