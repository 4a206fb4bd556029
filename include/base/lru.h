// SPDX-License-Identifier: Apache-2.0
/*
 * A cache of answers in memory, shared by the threads of a process. Its size in bytes is limited;
 * the least recently used entry is evicted first. A key must name all that an answer depends on.
 */
#ifndef RC_BASE_LRU_H
#define RC_BASE_LRU_H

#include <stdbool.h>

#include "base/spool.h"

typedef struct rc_lru_t rc_lru_t;

/** Creates a cache of at most @a bytes; @a pool owns it. */
rc_err_t *rc_lru_create(rc_lru_t **out, apr_size_t bytes, apr_pool_t *pool);

/** Appends the entry @a key to @a spool; *@a found is false when there is none. */
rc_err_t *rc_lru_get(bool *found, rc_lru_t *cache, const char *key, rc_spool_t *spool);

/** Stores the content of @a spool as the entry @a key, unless it exceeds an eighth of the cache. */
rc_err_t *rc_lru_put(rc_lru_t *cache, const char *key, rc_spool_t *spool, apr_pool_t *scratch);

#endif
