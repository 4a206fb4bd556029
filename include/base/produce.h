// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program whose output becomes an answer: it writes into an unlinked temporary file (or a
 * file of the cache), from which the answer is sent while the program still works. A slow client
 * never slows the program, and holds no thread after its end.
 */
#ifndef RC_BASE_PRODUCE_H
#define RC_BASE_PRODUCE_H

#include "base/cache.h"
#include "base/process.h"
#include "base/stream.h"

typedef struct rc_produce_t {
    rc_proc_t proc; /* in: its whole input, or -1; out, max_file, check and baton are ignored */
    const char *temp_dir;
    apr_off_t max;             /* bytes of output; 0 = no limit */
    bool (*gone)(void *baton); /* returns whether the client has gone; or NULL */
    void *gone_baton;

    /* Where the output is kept for other requests; NULL: nowhere. The name identifies everything
     * that decides the content. */
    const rc_cache_t *cache;
    const char *name;

    /* Called before the program starts, and only by the request that runs it: takes its place, and
     * may wait. An error is that of rc_produce_start. Or NULL. The pool ends with the program. */
    rc_err_t *(*begin)(void *baton, apr_pool_t *pool);
    /* Called once after the program has ended, for whatever reason, and only by the request that
     * ran it: judges its exit status. The stream returns its error. *more may be set to a text that
     * all who read the output get behind it. NULL: any exit status but 0 is an error. */
    rc_err_t *(*ended)(const char **more, void *baton, const rc_proc_result_t *result,
                       apr_off_t written, apr_pool_t *pool);
    /* Called before an output is kept: returns whether what decides it is still what `name` says,
     * now that it is made. NULL: that cannot change. */
    bool (*lasts)(void *baton, apr_pool_t *pool);
    void *baton;
} rc_produce_t;

/**
 * Starts the program, unless the cache has its output or another request of any process is running
 * it: then the answer is what that one writes, from its first byte on.
 *
 * @a pool must live until the answer is sent; the program ends when the stream is closed. The
 * stream returns RC_E_INTERNAL (the program failed; the detail holds its last messages), RC_E_BUSY
 * (the deadline, or too many bytes wait in files), RC_E_LIMIT (`max`), RC_E_GONE (the client left;
 * the program is killed, unless other requests wait for its output).
 */
rc_err_t *rc_produce_start(rc_stream_t **stream, const rc_produce_t *produce, apr_pool_t *pool);

#endif
