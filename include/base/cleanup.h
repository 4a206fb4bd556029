// SPDX-License-Identifier: Apache-2.0
/*
 * Frees an object of a foreign library when a pool ends.
 */
#ifndef RC_BASE_CLEANUP_H
#define RC_BASE_CLEANUP_H

#include <apr_pools.h>

/** Calls @a cleanup(@a obj) when @a pool is cleared or destroyed; does nothing when @a obj is NULL.
 * A library's typed destructor needs a wrapper with this signature: a call through another function
 * type is undefined behaviour. */
void rc_cleanup(apr_pool_t *pool, void *obj, void (*cleanup)(void *obj));

#endif
