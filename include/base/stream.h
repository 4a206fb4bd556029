// SPDX-License-Identifier: Apache-2.0
/*
 * An answer that is made while it is sent, piece by piece.
 */
#ifndef RC_BASE_STREAM_H
#define RC_BASE_STREAM_H

#include <stdbool.h>

#include <apr_file_io.h>

#include "base/err.h"

/* Every call of next gets one that is all zero. */
typedef struct rc_piece_t {
    const char *data; /* valid until the next call; or, where it is NULL, ... */
    apr_file_t *file; /* ... a part of an open file, which must live until the answer is sent */
    apr_off_t start;  /* of that part */
    apr_size_t len;   /* 0: the answer is complete */
    bool flush;       /* the next piece may take a while: the client shall have this one now */
    bool last;        /* there is none behind it: a file may then go out without holding a thread */
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
