// SPDX-License-Identifier: Apache-2.0
/*
 * Declares how streams are sent, with a thread or in steps.
 */
#ifndef RC_HTTP_STREAM_H
#define RC_HTTP_STREAM_H

#include "wire.h"

/* An answer whose stream is being sent. */
typedef struct rc_sender_t rc_sender_t;

/**
 * Sends the answer's stream piece by piece, and closes it. Returns an error, with nothing sent,
 * when the stream fails before its first piece; a later error is logged and cuts the answer.
 */
rc_err_t *rc_http_send_stream(request_rec *r, rc_answer_t *answer);

/* The same for a stream that follows, in steps. */

typedef enum {
    RC_SENT,    /* some pieces */
    RC_NOTHING, /* there is none now */
    RC_LEADS,   /* the stream does not follow any more: rc_http_send_rest must be called */
    RC_OVER     /* it has ended, and is closed */
} rc_sending_t;

/** Returns a sender of @a answer to @a r, in its pool. */
rc_sender_t *rc_http_sender(request_rec *r, rc_answer_t *answer);

/** Sends what is there without blocking. *@a err is as from rc_http_send_stream, with RC_OVER. */
rc_sending_t rc_http_send_some(rc_err_t **err, rc_sender_t *sender);

/** Sends all that follows, as rc_http_send_stream does. */
rc_err_t *rc_http_send_rest(rc_sender_t *sender);

#endif
