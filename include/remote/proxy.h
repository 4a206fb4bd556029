// SPDX-License-Identifier: Apache-2.0
/*
 * An HTTP proxy for one program, which leads to one remote only. Programs that resolve names and
 * follow redirects themselves (svn, hg) get it as their proxy: it connects to the addresses that
 * were checked, whatever the program asks for, and refuses all other hosts and ports.
 *
 * It has no thread: rc_proxy_run serves it while the program runs. It listens on 127.0.0.1 for that
 * time; who connects to it can reach the remote, and nothing else.
 */
#ifndef RC_REMOTE_PROXY_H
#define RC_REMOTE_PROXY_H

#include "base/process.h"
#include "remote/address.h"

typedef struct rc_proxy_t rc_proxy_t;

/**
 * Opens a proxy to the host of @a url (http or https), whose addresses have been checked. It is
 * closed when @a pool ends. An http URL may lead on to https on the same port, or on 443.
 */
rc_err_t *rc_proxy_open(rc_proxy_t **out, const rc_remote_url_t *url, apr_pool_t *pool);

/** From now on each connection by http carries one request, in the form for servers: for remotes
 * that do not know the form for proxies (`hg serve`). */
void rc_proxy_single(rc_proxy_t *proxy);

/** Returns the port on 127.0.0.1. */
int rc_proxy_port(const rc_proxy_t *proxy);

/** Returns how many bytes have come from the remote. */
apr_off_t rc_proxy_received(const rc_proxy_t *proxy);

/** Returns what was asked for last and refused, "host:port"; NULL when nothing was. */
const char *rc_proxy_refused(const rc_proxy_t *proxy);

/** Returns a descriptor that is readable when rc_proxy_serve has something to do. */
int rc_proxy_fd(const rc_proxy_t *proxy);

/** Moves what can be moved; never blocks. */
void rc_proxy_serve(rc_proxy_t *proxy);

/** Runs @a proc to its end as rc_proc_run does, and serves @a proxy (NULL: none) meanwhile. */
rc_err_t *rc_proxy_run(rc_proc_result_t *result, const rc_proc_t *proc, rc_proxy_t *proxy,
                       apr_pool_t *pool);

#endif
