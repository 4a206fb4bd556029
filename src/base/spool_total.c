// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the limit of all temporary files of answers. Such files hold what slow clients have
 * not read yet.
 */
#include "spool_total.h"

#include "base/limit.h"
#include "base/spool.h"

#define FULL "Too many answers wait to be read; try again in a moment"

static rc_limit_t *total; /* NULL: no limit */
static apr_off_t total_max;

void rc_spool_set_total(apr_off_t max)
{
    static apr_pool_t *pool; /* of the process: spools may end after all other pools */

    if (total && (!total_max || (max && max <= total_max)))
        return;
    if (!pool)
        apr_pool_create(&pool, NULL);
    total_max = max;
    total = rc_limit_create(max, FULL, pool);
}

rc_err_t *rc_spool_total_add(apr_off_t bytes, apr_pool_t *pool)
{
    return !total || rc_limit_add(total, bytes) ? NULL : rc_limit_full(total, pool);
}

void rc_spool_total_give(apr_off_t bytes)
{
    if (total && bytes)
        rc_limit_give(total, bytes);
}
