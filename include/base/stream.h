// SPDX-License-Identifier: Apache-2.0
/*
 * Defines a stream: an answer that is generated piece by piece while it is sent.
 */
#ifndef RC_BASE_STREAM_H
#define RC_BASE_STREAM_H

#include <stdbool.h>

#include <apr_file_io.h>

#include "base/err.h"

/* One piece. The caller of next sets all of it to zero before. */
typedef struct rc_piece_t {
    const char *data; /* valid until the next call; NULL: the piece is in file */
    apr_file_t *file; /* an open file */
    apr_off_t start;  /* offset in the file */
    apr_size_t len;   /* 0: the answer is complete, unless later is set */
    bool later;       /* there is nothing to send now: call again */
    bool active;      /* with later: the client sends, so it need not read yet */
    bool flush;       /* send this one at once: the next piece may take a while */
    bool last;        /* no piece follows: a file can then be sent without a thread */
} rc_piece_t;

typedef struct rc_stream_t {
    /* Returns the next piece; blocks until there is one. It is not called again after an error or
     * the end. An error before the first piece decides the answer's status; a later one cuts the
     * answer. */
    rc_err_t *(*next)(rc_piece_t *piece, void *baton);
    /* Called once, in any case: ends all work for the stream. Or NULL. */
    void (*close)(void *baton);
    void *baton;
    /* Set by the server before each call of next: the descriptor of a client that has not taken all
     * earlier pieces yet; 0: it has, or its descriptor cannot be used. When it becomes writable,
     * next should return, with `later` if need be. A stream that wraps another passes it on. */
    int unsent;
    /* Set by the source, before any call and by next: another request makes the answer. Then any
     * thread may call next, now and then. */
    bool follows;
    /* Set by the server, while the stream follows: next does not block, and returns with `later`
     * when there is nothing. A stream that wraps another passes both on. */
    bool at_once;
} rc_stream_t;

#endif
