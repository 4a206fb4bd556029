// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the counting limiter with one atomic counter.
 */
#include "base/limit.h"

struct rc_limit_t {
    apr_int64_t max, used;
    const char *text;
    rc_gauge_t gauge; /* shows `used` */
};

typedef struct share_t {
    rc_limit_t *limit;
    apr_int64_t amount;
} share_t;

rc_limit_t *rc_limit_create(apr_int64_t max, const char *text, apr_pool_t *pool)
{
    rc_limit_t *limit = apr_pcalloc(pool, sizeof(*limit));

    limit->max = max > 0 ? max : APR_INT64_MAX;
    limit->text = text;
    return limit;
}

void rc_limit_measure(rc_limit_t *limit, rc_gauge_t gauge)
{
    limit->gauge = gauge;
}

bool rc_limit_add(rc_limit_t *limit, apr_int64_t amount)
{
    apr_int64_t used = __atomic_load_n(&limit->used, __ATOMIC_RELAXED);

    do {
        if (amount > limit->max - used)
            return false;
    } while (!__atomic_compare_exchange_n(&limit->used, &used, used + amount, true,
                                          __ATOMIC_RELAXED, __ATOMIC_RELAXED));
    rc_gauge_add(limit->gauge, amount);
    return true;
}

void rc_limit_give(rc_limit_t *limit, apr_int64_t amount)
{
    __atomic_sub_fetch(&limit->used, amount, __ATOMIC_RELAXED);
    rc_gauge_add(limit->gauge, -amount);
}

rc_err_t *rc_limit_full(const rc_limit_t *limit, apr_pool_t *pool)
{
    return rc_err(pool, RC_E_BUSY, "%s", limit->text);
}

apr_int64_t rc_limit_used(const rc_limit_t *limit)
{
    return __atomic_load_n(&limit->used, __ATOMIC_RELAXED);
}

static apr_status_t give_share(void *data)
{
    const share_t *share = data;

    rc_limit_give(share->limit, share->amount);
    return APR_SUCCESS;
}

rc_err_t *rc_limit_take(rc_limit_t *limit, apr_int64_t amount, apr_pool_t *pool)
{
    share_t *share;

    if (!rc_limit_add(limit, amount))
        return rc_limit_full(limit, pool);
    share = apr_palloc(pool, sizeof(*share));
    share->limit = limit;
    share->amount = amount;
    apr_pool_cleanup_register(pool, share, give_share, apr_pool_cleanup_null);
    return NULL;
}
