// SPDX-License-Identifier: Apache-2.0
/*
 * Declares how a file gets into the cache, for which others may have to go.
 */
#ifndef RC_BASE_SWEEP_H
#define RC_BASE_SWEEP_H

#include <stdbool.h>

#include "base/cache.h"

/** Adds a file of @a size bytes, to which @a name gives its name in the directory, after removing
 * the least recently used files when there is no room for it. Returns false with errno when @a name
 * does, or there is no room. */
bool rc_cache_add(const rc_cache_t *cache, apr_off_t size, bool (*name)(void *baton), void *baton,
                  apr_pool_t *pool);

#endif
