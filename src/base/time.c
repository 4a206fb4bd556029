// SPDX-License-Identifier: Apache-2.0
/*
 * The clock for deadlines; dates of the API and of feeds.
 */
#include "base/time.h"

#include <time.h>

#include <apr_strings.h>

#define LAST_SECOND APR_INT64_C(253402300799) /* of the year 9999 */

apr_time_t rc_clock(void)
{
    struct timespec now;

    clock_gettime(CLOCK_MONOTONIC, &now);
    return apr_time_make(now.tv_sec, now.tv_nsec / 1000);
}

apr_time_t rc_time_from_sec(apr_int64_t epoch_seconds)
{
    if (epoch_seconds < 0)
        return 0;
    return apr_time_from_sec(epoch_seconds < LAST_SECOND ? epoch_seconds : LAST_SECOND);
}

static const char *format(const apr_time_exp_t *t, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%04d-%02d-%02dT%02d:%02d:%02d", t->tm_year + 1900, t->tm_mon + 1,
                        t->tm_mday, t->tm_hour, t->tm_min, t->tm_sec);
}

const char *rc_time_local(apr_time_t when, apr_pool_t *pool)
{
    apr_time_exp_t t;

    apr_time_exp_lt(&t, when);
    if (!t.tm_usec)
        return format(&t, pool);
    return apr_psprintf(pool, "%s.%03d", format(&t, pool), t.tm_usec / 1000);
}

const char *rc_time_utc(apr_int64_t epoch_seconds, apr_pool_t *pool)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, rc_time_from_sec(epoch_seconds));
    return format(&t, pool);
}

const char *rc_time_rfc2822(apr_int64_t epoch_seconds, apr_pool_t *pool)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, rc_time_from_sec(epoch_seconds));
    return apr_psprintf(pool, "%s, %02d %s %04d %02d:%02d:%02d", apr_day_snames[t.tm_wday],
                        t.tm_mday, apr_month_snames[t.tm_mon], t.tm_year + 1900, t.tm_hour,
                        t.tm_min, t.tm_sec);
}
