// SPDX-License-Identifier: Apache-2.0
/*
 * Answers kept in memory, shared by the threads of a process: a bounded number of bytes, the one
 * used longest ago goes first. Keys are texts that name all that an answer depends on.
 */
#ifndef RC_BASE_LRU_H
#define RC_BASE_LRU_H

#include <stdbool.h>

#include "base/spool.h"

typedef struct rc_lru_t rc_lru_t;

/** A cache of at most @a bytes, ended with @a pool. */
rc_err_t *rc_lru_create(rc_lru_t **out, apr_size_t bytes, apr_pool_t *pool);

/** Appends what is kept as @a key to @a spool; *@a found tells whether there is something. */
rc_err_t *rc_lru_get(bool *found, rc_lru_t *cache, const char *key, rc_spool_t *spool);

/** Keeps what was written to @a spool as @a key, unless it is over an eighth of the cache. */
rc_err_t *rc_lru_put(rc_lru_t *cache, const char *key, rc_spool_t *spool, apr_pool_t *scratch);

#endif
