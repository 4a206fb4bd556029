// SPDX-License-Identifier: Apache-2.0
/*
 * Connects a request with a program: the body becomes its standard input, and its output becomes
 * the answer, both at the same time.
 */
#ifndef RC_BASE_RELAY_H
#define RC_BASE_RELAY_H

#include "base/body.h"
#include "base/process.h"
#include "base/stream.h"

typedef struct rc_relay_t {
    rc_proc_t proc;            /* in, out, check and baton are ignored */
    rc_body_t *body;           /* with limits and encoding set; NULL: empty standard input */
    bool (*gone)(void *baton); /* returns whether the client has gone; or NULL */
    void *gone_baton;
    /* Called once when the program has ended, for whatever reason: does what must follow, and
     * judges the exit status. The stream returns its error. NULL: any exit status but 0 is an
     * error. */
    rc_err_t *(*ended)(void *baton, const rc_proc_result_t *result, apr_pool_t *pool);
    void *ended_baton;
} rc_relay_t;

/**
 * Starts the program. The stream, in @a pool, ends with it and returns RC_E_INTERNAL (the program
 * failed; the detail holds its last messages), RC_E_BUSY (the deadline), RC_E_GONE, and the errors
 * of rc_body_error. When the stream is closed or @a pool ends, the program's process group is
 * killed. A program that ends without reading all of the body is no error.
 */
rc_err_t *rc_relay_start(rc_stream_t **stream, const rc_relay_t *relay, apr_pool_t *pool);

#endif
