// SPDX-License-Identifier: Apache-2.0
/*
 * A cache of generated files in a directory. The directory may vanish or be damaged at any time:
 * then each file is generated as if there were no cache.
 */
#ifndef RC_BASE_CACHE_H
#define RC_BASE_CACHE_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/limit.h"
#include "base/spool.h"

typedef struct rc_cache_t {
    const char *dir;     /* created when missing, but not its parent; NULL: no cache */
    apr_off_t max;       /* bytes; the least recently used file is removed first */
    apr_time_t wait;     /* the longest wait for another request that makes the same file */
    rc_limit_t *waiting; /* limits the threads that wait; NULL: no limit */
} rc_cache_t;

/** Writes the content of a file; called at most twice. */
typedef rc_err_t *rc_cache_make_fn_t(void *baton, rc_spool_t *spool);

/**
 * Puts the file @a name into the empty @a spool. When it is not in the cache, @a make writes it, in
 * one thread of all processes at a time: concurrent requests wait and share the result. They return
 * RC_E_BUSY when that takes too long, or too many threads wait. @a name must identify everything
 * that decides the content.
 */
rc_err_t *rc_cache_get(rc_spool_t *spool, const rc_cache_t *cache, const char *name,
                       rc_cache_make_fn_t *make, void *baton, apr_pool_t *pool);

/** Puts the file @a name into the empty @a spool, if the cache has it; *@a found tells. Unlike
 * rc_cache_get it neither waits nor makes anything: for what is usually too small to be kept. */
rc_err_t *rc_cache_find(bool *found, rc_spool_t *spool, const rc_cache_t *cache, const char *name,
                        apr_pool_t *pool);

/** Adds the file @a name: what @a spool holds, which must not change any more. It is not copied
 * when it has a file that can get this name. When that fails it is not kept, and the log says why.
 */
void rc_cache_keep(const rc_cache_t *cache, const char *name, rc_spool_t *spool, apr_pool_t *pool);

/**
 * Cleans the cache; to be called once when a process starts. Removes incomplete files that a crash
 * left, and the least recently used files beyond the limit. Files are not synced to the disk, so
 * all files from before the last boot of the machine are removed.
 */
void rc_cache_begin(const rc_cache_t *cache, apr_pool_t *pool);

/** Counts an answer that the cache holds (its @a size), or that is made for it (-1). */
void rc_cache_count(apr_off_t size);

#endif
