// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the filter that writes to the client's socket, and the client itself.
 */
#include "wire.h"

#include <http_core.h>

#include <apr_portable.h>

/* Filters that hold no bytes back. Any other one may need a FLUSH bucket, which waits for the
 * client. */
static const char *const passing[] = {
    "byterange",   "content_length",    "http_header", "http_outerror", "chunk", "core",
    "mod_expires", "fixup_headers_out", "reqtimeout",  "rcapi_mapped",  NULL};

/* mod_ssl's. They encrypt in memory, of which httpd's last filter takes 64 KiB before it waits. */
static const char *const sealing[] = {"ssl/tls filter", "ssl/tls coalescing filter", NULL};

static bool is_one_of(const char *const *names, const ap_filter_t *filter)
{
    for (; *names; names++)
        if (!strcasecmp(*names, filter->frec->name))
            return true;
    return false;
}

ap_filter_t *rc_http_core_filter(const request_rec *r, bool *sealed)
{
    ap_filter_t *filter = r->output_filters;
    bool seals = false;

    *sealed = false;
    if (r->connection->master)
        return NULL;
    while ((is_one_of(passing, filter) || (seals = is_one_of(sealing, filter))) && filter->next) {
        *sealed = *sealed || seals;
        filter = filter->next;
    }
    return filter->frec == ap_core_output_filter_handle ? filter : NULL;
}

bool rc_http_can_push(const request_rec *r)
{
    bool sealed;

    return rc_http_core_filter(r, &sealed) != NULL;
}

apr_status_t rc_http_push(conn_rec *c)
{
    ap_filter_t *core = c->output_filters;

    while (core->next)
        core = core->next;
    return core->frec->filter_func.out_func(core, NULL);
}

int rc_http_client_fd(conn_rec *c)
{
    apr_socket_t *socket = ap_get_conn_socket(c);
    apr_os_sock_t fd;

    return socket && apr_os_sock_get(&fd, socket) == APR_SUCCESS ? fd : 0;
}

bool rc_http_is_local(const conn_rec *c)
{
    return apr_sockaddr_equal(c->client_addr, c->local_addr);
}
