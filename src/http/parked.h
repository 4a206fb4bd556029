// SPDX-License-Identifier: Apache-2.0
/*
 * Declares connections without a thread of httpd: park.c holds them, parked.c continues one.
 */
#ifndef RC_HTTP_PARKED_H
#define RC_HTTP_PARKED_H

#include "stream.h"

/* What a step has done. */
typedef enum {
    RC_PARKED_IDLE,
    RC_PARKED_MOVED,
    RC_PARKED_LEADS, /* it makes the answer from now on: rc_parked_lead must be called */
    RC_PARKED_GONE   /* the connection is gone, with its rc_parked_t */
} rc_parked_now_t;

/* Completes the answer of a stream that has ended, with @a err or well; returns the status of the
 * handler. */
typedef int rc_park_complete_fn_t(request_rec *r, rc_note_t *note, const rc_err_t *err);

struct rc_parked_t {
    rc_parked_t *next; /* of the list that holds it */
    conn_rec *c;
    request_rec *r; /* NULL: it is complete, and perhaps gone */
    rc_note_t *note;
    rc_sender_t *sender;
    rc_park_complete_fn_t *complete;
    apr_interval_time_t timeout; /* httpd's */
    apr_time_t since;            /* when httpd's thread left it */
    apr_time_t moved;            /* when the client last took something, or its end began */
    /* Does what can be done now, without blocking. */
    rc_parked_now_t (*step)(rc_parked_t *parked);
};

/* parked.c */

/** Prepares @a parked, whose members c to complete are set. */
void rc_parked_begin(rc_parked_t *parked);

/** Completes the request, with the thread that calls; then there are steps again. */
void rc_parked_lead(rc_parked_t *parked);

/** Cuts the connection of rc_parked_lead: the server stops. */
void rc_parked_cut(rc_parked_t *parked);

/** Makes the next step end the connection: the server stops. */
void rc_parked_drop(rc_parked_t *parked);

/* park.c */

/** Hooks: a process begins; it stops; httpd's thread leaves a connection. */
void rc_park_child_init(apr_pool_t *pchild, server_rec *s);
void rc_park_child_stopping(apr_pool_t *pchild, int graceful);
void rc_park_leave(conn_rec *c, request_rec *r);

/** Prepares for the rest of @a r, whose handler then returns SUSPENDED. NULL: it must hold its
 * thread. */
rc_parked_t *rc_park_prepare(request_rec *r, rc_note_t *note, rc_park_complete_fn_t *complete);

#endif
