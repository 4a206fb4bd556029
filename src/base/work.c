// SPDX-License-Identifier: Apache-2.0
/*
 * Counts what one answer costs, and checks its limits.
 */
#include "base/work.h"

#include <string.h>

#include "base/time.h"

#define LOOK_EVERY apr_time_from_msec(50)

/* Looking at the clock costs as much as reading a name. So it is looked at after 16 entries or
 * small contents, each of which counts as so many bytes at least, or after 16 times as many bytes.
 */
#define SMALL       ((apr_off_t)4 << 10)
#define CLOCK_EVERY 16

/* Not earlier: a client that only closed its sending side must still receive a short answer. */
#define FIRST_LOOK apr_time_from_sec(1)

void rc_work_begin(rc_work_t *work, apr_pool_t *pool)
{
    memset(work, 0, sizeof(*work));
    work->pool = pool;
    work->bytes = APR_INT64_MAX;
    work->cheap = RC_WORK_CHEAP;
    work->entries = APR_INT64_MAX;
    work->next_look = rc_clock() + FIRST_LOOK;
}

void rc_work_set_time(rc_work_t *work, apr_interval_time_t time)
{
    work->time = time;
    work->deadline = time ? rc_clock() + time : 0;
}

rc_err_t *rc_work_costly(rc_work_t *work, apr_pool_t *pool)
{
    if (!work || work->costly || !work->expensive)
        return NULL;
    if (work->visitors && rc_limit_take(work->visitors, 1, work->pool))
        return rc_limit_full(work->visitors, pool);
    if (rc_limit_take(work->expensive, 1, work->pool))
        return rc_limit_full(work->expensive, pool);
    work->costly = true;
    return NULL;
}

static rc_err_t *check_time(const rc_work_t *work, apr_time_t now, apr_pool_t *pool)
{
    if (!work->deadline || now < work->deadline)
        return NULL;
    return rc_err(pool, RC_E_LIMIT, "The answer takes longer than %d s to make",
                  (int)apr_time_sec(work->time));
}

static rc_err_t *look_at_clock(rc_work_t *work, apr_time_t now, apr_pool_t *pool)
{
    work->next_look = now + LOOK_EVERY;
    RC_TRY(check_time(work, now, pool));
    if (work->gone && work->gone(work->baton))
        return rc_err(pool, RC_E_GONE, "The client has gone");
    return NULL;
}

rc_err_t *rc_work_look(rc_work_t *work, apr_pool_t *pool)
{
    return work ? look_at_clock(work, rc_clock(), pool) : NULL;
}

rc_err_t *rc_work_spend(rc_work_t *work, apr_off_t bytes, apr_pool_t *pool)
{
    apr_time_t now;

    if (!work)
        return NULL;
    if (bytes > work->bytes)
        return rc_err(pool, RC_E_LIMIT, "The answer needs more contents than may be read for one");
    work->bytes -= bytes;
    work->cheap -= bytes;
    if (work->cheap < 0) {
        work->cheap = 0;
        RC_TRY(rc_work_costly(work, pool));
    }
    work->unseen += bytes < SMALL ? SMALL : bytes;
    if (bytes && work->unseen < CLOCK_EVERY * SMALL)
        return NULL;
    work->unseen = 0;
    now = rc_clock();
    return now < work->next_look ? check_time(work, now, pool) : look_at_clock(work, now, pool);
}

rc_err_t *rc_work_entry(rc_work_t *work, apr_pool_t *pool)
{
    if (!work)
        return NULL;
    if (--work->entries < 0)
        return rc_err(pool, RC_E_LIMIT, "The answer is about too many files and directories");
    return work->entries % CLOCK_EVERY ? NULL : rc_work_spend(work, 0, pool);
}
