// SPDX-License-Identifier: Apache-2.0
/*
 * An answer that a program makes: a request's body goes to its standard input while what it writes
 * goes to the client.
 */
#ifndef RC_BASE_RELAY_H
#define RC_BASE_RELAY_H

#include "base/body.h"
#include "base/process.h"
#include "base/stream.h"

typedef struct rc_relay_t {
    rc_proc_t proc;            /* in, out, check and baton are not used */
    rc_body_t *body;           /* limits and encoding are set; NULL: the program reads nothing */
    bool (*gone)(void *baton); /* has the client gone? may be NULL */
    void *gone_baton;
    /* Called once, when the program has ended, however that came about: for what must be done
     * then, and to judge its end. An error it returns is the stream's. NULL: any exit status but 0
     * is an error. */
    rc_err_t *(*ended)(void *baton, const rc_proc_result_t *result, apr_pool_t *pool);
    void *ended_baton;
} rc_relay_t;

/**
 * Starts the program. The stream ends with it; errors are RC_E_INTERNAL (it failed, its last words
 * are in the detail), RC_E_BUSY (the deadline), RC_E_GONE, and those of rc_body_error. When the
 * stream is closed or @a pool ends, the program's process group is killed. A program that ends
 * without reading all of the body is no error.
 */
rc_err_t *rc_relay_start(rc_stream_t **stream, const rc_relay_t *relay, apr_pool_t *pool);

#endif
