// SPDX-License-Identifier: Apache-2.0
/*
 * An answer that is made while it is sent, piece by piece.
 */
#ifndef RC_BASE_STREAM_H
#define RC_BASE_STREAM_H

#include <stdbool.h>

#include "base/err.h"

typedef struct rc_piece_t {
    const char *data; /* valid until the next call */
    apr_size_t len;   /* 0: the answer is complete */
    bool flush;       /* the next piece may take a while: the client shall have this one now */
} rc_piece_t;

typedef struct rc_stream_t {
    /* The next piece; blocks until there is one. After an error or the end it is not called again.
     * An error before the first piece becomes the answer's status, a later one cuts the answer. */
    rc_err_t *(*next)(rc_piece_t *piece, void *baton);
    /* Called once, whatever happened: ends what still works for the stream. May be NULL. */
    void (*close)(void *baton);
    void *baton;
} rc_stream_t;

#endif
