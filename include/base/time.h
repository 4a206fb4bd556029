// SPDX-License-Identifier: Apache-2.0
/*
 * The clock for deadlines, and dates as the API prints them (contract 00 §7): no zone suffix; and
 * those of feeds. Moments before 1970 or after the year 9999 are printed as the nearest one
 * between.
 */
#ifndef RC_BASE_TIME_H
#define RC_BASE_TIME_H

#include <apr_time.h>

/** Microseconds on a clock that cannot be set (CLOCK_MONOTONIC): for every deadline and retry. */
apr_time_t rc_clock(void);

/** The moment itself: 1970 to 9999, whatever a repository says. */
apr_time_t rc_time_from_sec(apr_int64_t epoch_seconds);

/** YYYY-MM-DDTHH:MM:SS[.mmm] in local time; the fraction is cut, and absent when zero. */
const char *rc_time_local(apr_time_t when, apr_pool_t *pool);

/** YYYY-MM-DDTHH:MM:SS in UTC. */
const char *rc_time_utc(apr_int64_t epoch_seconds, apr_pool_t *pool);

/** Www, DD Mon YYYY HH:MM:SS in UTC: RFC 2822 without the zone. */
const char *rc_time_rfc2822(apr_int64_t epoch_seconds, apr_pool_t *pool);

#endif
