// SPDX-License-Identifier: Apache-2.0
/*
 * A counting limiter, for slots, waiting threads or bytes. It never blocks: when full, it returns
 * RC_E_BUSY. Thread-safe, within one process.
 */
#ifndef RC_BASE_LIMIT_H
#define RC_BASE_LIMIT_H

#include <stdbool.h>

#include "base/err.h"
#include "base/metrics.h"

typedef struct rc_limit_t rc_limit_t;

/** Creates a limit of @a max (0 = no limit) in @a pool. @a text, which is not copied, is the
 * message for clients when it is full. */
rc_limit_t *rc_limit_create(apr_int64_t max, const char *text, apr_pool_t *pool);

/** Shows the amount in use as @a gauge from now on: before the limit is used. */
void rc_limit_measure(rc_limit_t *limit, rc_gauge_t gauge);

/** Acquires @a amount until @a pool ends; RC_E_BUSY with the limit's text when too little is free.
 */
rc_err_t *rc_limit_take(rc_limit_t *limit, apr_int64_t amount, apr_pool_t *pool);

/* For amounts that grow: the caller releases what it added. */

/** Acquires @a amount; returns false, and acquires nothing, when too little is free. */
bool rc_limit_add(rc_limit_t *limit, apr_int64_t amount);

/** Releases @a amount. */
void rc_limit_give(rc_limit_t *limit, apr_int64_t amount);

/** Returns the error of a full limit, in @a pool. */
rc_err_t *rc_limit_full(const rc_limit_t *limit, apr_pool_t *pool);

/** Returns the amount in use. */
apr_int64_t rc_limit_used(const rc_limit_t *limit);

#endif
