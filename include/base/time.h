// SPDX-License-Identifier: Apache-2.0
/*
 * The clock for deadlines, and the date formats of the API (contract 00 §7: no zone suffix) and of
 * feeds. Times outside the years 1970 to 9999 are printed as the nearest time inside. Texts live
 * in the pool.
 */
#ifndef RC_BASE_TIME_H
#define RC_BASE_TIME_H

#include <stdbool.h>

#include <apr_time.h>

/** Returns microseconds of a clock that cannot be set (CLOCK_MONOTONIC), for deadlines and
 * durations. */
apr_time_t rc_clock(void);

/** Converts epoch seconds, and limits them to the years 1970 to 9999. */
apr_time_t rc_time_from_sec(apr_int64_t epoch_seconds);

/** Returns YYYY-MM-DDTHH:MM:SS[.mmm] in local time; the fraction is cut, and absent when zero. */
const char *rc_time_local(apr_time_t when, apr_pool_t *pool);

/** Returns YYYY-MM-DDTHH:MM:SS in UTC. */
const char *rc_time_utc(apr_int64_t epoch_seconds, apr_pool_t *pool);

/** Reads YYYY-MM-DDTHH:MM:SS in UTC; false for any other text. */
bool rc_time_read_utc(apr_int64_t *epoch_seconds, const char *text);

/** Returns "Www, DD Mon YYYY HH:MM:SS" in UTC: RFC 2822 without the zone. */
const char *rc_time_rfc2822(apr_int64_t epoch_seconds, apr_pool_t *pool);

#endif
