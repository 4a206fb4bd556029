// SPDX-License-Identifier: Apache-2.0
/*
 * A counting limiter: places, threads that wait, bytes. It never blocks: when full, it returns
 * RC_E_BUSY. Thread-safe; one process.
 */
#ifndef RC_BASE_LIMIT_H
#define RC_BASE_LIMIT_H

#include <stdbool.h>

#include "base/err.h"

typedef struct rc_limit_t rc_limit_t;

/** A limit of @a max (0 = no limit), in @a pool; @a text, which is not copied, is what clients read
 * when it is full. */
rc_limit_t *rc_limit_create(apr_int64_t max, const char *text, apr_pool_t *pool);

/** Takes @a amount until @a pool ends; RC_E_BUSY with the limit's text when there is not enough. */
rc_err_t *rc_limit_take(rc_limit_t *limit, apr_int64_t amount, apr_pool_t *pool);

/* For amounts that grow: the caller gives back what it added. */

/** False, and nothing is taken, when there is not enough. */
bool rc_limit_add(rc_limit_t *limit, apr_int64_t amount);
void rc_limit_give(rc_limit_t *limit, apr_int64_t amount);

/** The error of a full limit. */
rc_err_t *rc_limit_full(const rc_limit_t *limit, apr_pool_t *pool);

/** What is taken now. */
apr_int64_t rc_limit_used(const rc_limit_t *limit);

#endif
