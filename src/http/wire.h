// SPDX-License-Identifier: Apache-2.0
/*
 * Declares what writes to the client's socket, past httpd's other filters where they allow it.
 */
#ifndef RC_HTTP_WIRE_H
#define RC_HTTP_WIRE_H

#include "http.h"

#include <util_filter.h>

/** Returns the filter that writes to the socket, if nothing before it waits for the client; else
 * NULL: with HTTP/2, and filters of other modules. @a sealed: what is sent to it must go through
 * mod_ssl. */
ap_filter_t *rc_http_core_filter(const request_rec *r, bool *sealed);

/** Returns whether an answer can leave as far as the client takes it, without waiting: not with
 * HTTP/2, and filters of other modules. */
bool rc_http_can_push(const request_rec *r);

/** Sends what httpd's last filter holds, as far as the client takes it now. Not with HTTP/2. */
apr_status_t rc_http_push(conn_rec *c);

/** Returns the descriptor of the client; 0 when there is none. */
int rc_http_client_fd(conn_rec *c);

/** Returns whether the client runs on this machine. */
bool rc_http_is_local(const conn_rec *c);

/** Passes the answer @a bb to the filters of @a r. A client on this machine gets its first file
 * from a map, as far as it takes that without a pause. Returns what the filters return. */
apr_status_t rc_http_pass(request_rec *r, apr_bucket_brigade *bb);

#endif
