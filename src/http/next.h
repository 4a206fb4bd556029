// SPDX-License-Identifier: Apache-2.0
/*
 * The wait for the next request of a client. Private to src/http.
 */
#ifndef RC_SRC_HTTP_NEXT_H
#define RC_SRC_HTTP_NEXT_H

#include "http.h"

/** Counts the connections of the process: a hook of pre_connection. */
int rc_http_count_connection(conn_rec *c, void *unused);

/** Notes that a short answer to @a r was sent. */
void rc_http_short_answer(const request_rec *r);

/** Waits a short time for the next request of the client, where one is likely: the last hook of
 * log_transaction. */
int rc_http_await_next(request_rec *r);

#endif
