// SPDX-License-Identifier: Apache-2.0
/*
 * A directory of finished files, made once and sent often. It may vanish or be damaged at any time:
 * then files are made as if there were none.
 */
#ifndef RC_BASE_CACHE_H
#define RC_BASE_CACHE_H

#include <apr_time.h>

#include "base/limit.h"
#include "base/spool.h"

typedef struct rc_cache_t {
    const char *dir;     /* made when it is missing, its parent is not; NULL: nothing is kept */
    apr_off_t max;       /* bytes; the least recently used file is removed first */
    apr_time_t wait;     /* for another request that makes the same file */
    rc_limit_t *waiting; /* threads that wait; NULL: no limit */
} rc_cache_t;

/** Writes the content of a file; called at most twice. */
typedef rc_err_t *rc_cache_make_fn_t(void *baton, rc_spool_t *spool);

/**
 * The file @a name becomes the content of the empty @a spool. When it is not there, @a make writes
 * it, for all threads and processes only one at a time: the others wait and share what it made, or
 * get RC_E_BUSY when that takes too long, or too many wait. @a name says everything that decides
 * the content.
 */
rc_err_t *rc_cache_get(rc_spool_t *spool, const rc_cache_t *cache, const char *name,
                       rc_cache_make_fn_t *make, void *baton, apr_pool_t *pool);

/**
 * To be called once when a process starts. Removes what a crash left half made, and the oldest
 * files beyond the size. Files are not synced to the disk one by one: those of before the machine
 * was last started are removed.
 */
void rc_cache_begin(const rc_cache_t *cache, apr_pool_t *pool);

#endif
