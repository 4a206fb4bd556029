// SPDX-License-Identifier: Apache-2.0
/*
 * Counts what the server does, in memory that all its processes share and that outlives each of
 * them. Without that memory (in programs) nothing is counted. Counting takes no lock; the four or
 * five counters of an answer cost some 50 ns.
 */
#ifndef RC_BASE_METRICS_H
#define RC_BASE_METRICS_H

#include <apr_time.h>

#include "base/spool.h"

typedef enum {
#define X(id, name, type, help, first, second) RC_METRIC_##id,
#include "base/metrics.def"
#undef X
    RC_METRIC_COUNT
} rc_metric_t;

typedef enum {
    RC_GAUGE_NONE,
#define X(id, name, label, help) RC_GAUGE_##id,
#include "base/gauges.def"
#undef X
    RC_GAUGE_COUNT
} rc_gauge_t;

/** Returns how many bytes of shared memory the counters need, zeroed before they are first used. */
apr_size_t rc_metrics_size(void);

/** Counts in @a memory from now on; NULL: nowhere. */
void rc_metrics_use(void *memory);

/** Takes this process's place for gauges. Once in each process, before its threads start. */
void rc_metrics_begin(void);

/** Adds @a n to a counter. The labels, which may be NULL, are texts of this program, never of a
 * client. */
void rc_metric_add(rc_metric_t metric, const char *first, const char *second, apr_uint64_t n);

/** Adds a duration to a histogram. */
void rc_metric_time(rc_metric_t metric, const char *first, apr_interval_time_t time);

/** Adds @a n, which may be negative, to a gauge of this process. When a process ends, its part is
 * gone. */
void rc_gauge_add(rc_gauge_t gauge, apr_int64_t n);

/** Returns the sum of a counter over all of its labels; 0 without memory. */
apr_uint64_t rc_metric_sum(rc_metric_t metric);

/** Returns a gauge, over all processes. */
apr_int64_t rc_gauge_sum(rc_gauge_t gauge);

/** Writes everything as OpenMetrics text 1.0. */
rc_err_t *rc_metrics_write(rc_spool_t *spool, apr_pool_t *pool);

#endif
