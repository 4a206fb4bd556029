// SPDX-License-Identifier: Apache-2.0
/*
 * A cache in memory, shared by the threads of a process. Its size in bytes is limited; the least
 * recently used entry is evicted first, and those that were never found before the others: values
 * that nobody asks for again do not push out those that are used. A key must name all that an entry
 * depends on, or the entry must say itself until when it is valid.
 */
#ifndef RC_BASE_LRU_H
#define RC_BASE_LRU_H

#include <stdbool.h>

#include "base/spool.h"

typedef struct rc_lru_t rc_lru_t;

/* Bytes that are read only. */
typedef struct rc_bytes_t {
    const void *data;
    apr_size_t len;
} rc_bytes_t;

/** Creates a cache of at most @a bytes; @a pool owns it. */
rc_err_t *rc_lru_create(rc_lru_t **out, apr_size_t bytes, apr_pool_t *pool);

/** Copies the content of the entry @a key into @a pool, aligned for any type; {NULL, 0} when there
 * is none. */
rc_bytes_t rc_lru_find(rc_lru_t *cache, rc_bytes_t key, apr_pool_t *pool);

/** Returns whether this was called with @a key before, as far as a small table knows, which forgets
 * most keys after about as many others as the cache holds: what is asked for once only is not worth
 * an entry. */
bool rc_lru_asked(rc_lru_t *cache, rc_bytes_t key);

/** Stores @a head, followed by @a body, as the entry @a key, in place of an older one. Does nothing
 * when they exceed an eighth of the cache. */
void rc_lru_store(rc_lru_t *cache, rc_bytes_t key, rc_bytes_t head, rc_bytes_t body);

/** Appends the entry @a key to @a spool; *@a found is false when there is none. */
rc_err_t *rc_lru_get(bool *found, rc_lru_t *cache, const char *key, rc_spool_t *spool);

/** Stores the content of @a spool as the entry @a key, unless it exceeds an eighth of the cache. */
rc_err_t *rc_lru_put(rc_lru_t *cache, const char *key, rc_spool_t *spool, apr_pool_t *scratch);

#endif
