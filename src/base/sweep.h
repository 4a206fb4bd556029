// SPDX-License-Identifier: Apache-2.0
/*
 * Declares the removal of files from the cache.
 */
#ifndef RC_BASE_SWEEP_H
#define RC_BASE_SWEEP_H

#include "base/cache.h"

/** Removes the least recently used files until at most @a max bytes are left, and parts that a
 * crash left. */
void rc_cache_sweep(const rc_cache_t *cache, apr_off_t max, apr_pool_t *pool);

#endif
