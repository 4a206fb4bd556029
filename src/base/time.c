// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the clock and formats the dates of the API and of feeds.
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

/* Writes @a before and @a n with two digits. */
static char *put_two(char *to, int n, char before)
{
    *to++ = before;
    *to++ = (char)('0' + n / 10 % 10);
    *to++ = (char)('0' + n % 10);
    return to;
}

#define NO_MILLIS (-1)

/* Formats "2026-01-31T23:59:59", with ".999" or without. It does not use printf, which took a third
 * of the time of a list of repositories; each has two dates. */
static const char *format(const apr_time_exp_t *t, int millis, apr_pool_t *pool)
{
    int year = t->tm_year + 1900;
    char *text = apr_palloc(pool, sizeof("2026-01-31T23:59:59.999")), *to = text;

    *to++ = (char)('0' + year / 1000 % 10);
    to = put_two(to, year % 100, (char)('0' + year / 100 % 10));
    to = put_two(to, t->tm_mon + 1, '-');
    to = put_two(to, t->tm_mday, '-');
    to = put_two(to, t->tm_hour, 'T');
    to = put_two(to, t->tm_min, ':');
    to = put_two(to, t->tm_sec, ':');
    if (millis != NO_MILLIS) {
        to = put_two(to, millis / 10, '.');
        *to++ = (char)('0' + millis % 10);
    }
    *to = '\0';
    return text;
}

const char *rc_time_local(apr_time_t when, apr_pool_t *pool)
{
    apr_time_exp_t t;

    apr_time_exp_lt(&t, when);
    return format(&t, t.tm_usec ? t.tm_usec / 1000 : NO_MILLIS, pool);
}

const char *rc_time_utc(apr_int64_t epoch_seconds, apr_pool_t *pool)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, rc_time_from_sec(epoch_seconds));
    return format(&t, NO_MILLIS, pool);
}

const char *rc_time_rfc2822(apr_int64_t epoch_seconds, apr_pool_t *pool)
{
    apr_time_exp_t t;

    apr_time_exp_gmt(&t, rc_time_from_sec(epoch_seconds));
    return apr_psprintf(pool, "%s, %02d %s %04d %02d:%02d:%02d", apr_day_snames[t.tm_wday],
                        t.tm_mday, apr_month_snames[t.tm_mon], t.tm_year + 1900, t.tm_hour,
                        t.tm_min, t.tm_sec);
}

bool rc_time_read_utc(apr_int64_t *epoch_seconds, const char *text)
{
    struct tm t = {.tm_mday = 1};
    const char *end = strptime(text, "%Y-%m-%dT%H:%M:%S", &t);

    if (!end || *end)
        return false;
    *epoch_seconds = timegm(&t);
    return true;
}
