// SPDX-License-Identifier: Apache-2.0
/*
 * Hands an object of a foreign library to a pool: the pool drops it when it ends.
 */
#ifndef RC_BASE_OWN_H
#define RC_BASE_OWN_H

#include <apr_pools.h>

/** Calls @a drop(@a obj) when @a pool is cleared or destroyed. NULL objects are ignored. */
void rc_own(apr_pool_t *pool, void *obj, void (*drop)(void *obj));

/** Fits a library's typed destructor into rc_own's drop argument. */
#define RC_DROP(fn) ((void (*)(void *))(void (*)(void))(fn))

#endif
