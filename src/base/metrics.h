// SPDX-License-Identifier: Apache-2.0
/*
 * The shared memory of the counters. Private to src/base.
 */
#ifndef RC_SRC_BASE_METRICS_H
#define RC_SRC_BASE_METRICS_H

#include <sys/types.h>

#include "base/metrics.h"

#define RC_CELLS     2048 /* a power of two; some 800 are used */
#define RC_PROCESSES 1024

/* A counter with its labels. It is free, then claimed by one process, then ready for ever. */
typedef struct rc_cell_t {
    unsigned state;
    unsigned metric;
    char first[56], second[16];
    apr_uint64_t value; /* RC_SECONDS and sums of RC_HISTOGRAM: microseconds */
} rc_cell_t;

enum { RC_CELL_FREE, RC_CELL_CLAIMED, RC_CELL_READY };

typedef struct rc_metrics_memory_t {
    rc_cell_t cells[RC_CELLS];
    struct rc_metrics_process_t {
        pid_t pid; /* 0, or of a process that has ended: free */
        apr_int64_t gauges[RC_GAUGE_COUNT];
    } processes[RC_PROCESSES];
} rc_metrics_memory_t;

/** The memory, or NULL. */
extern rc_metrics_memory_t *rc_metrics_memory;

/* Upper bounds of the buckets of a histogram, in microseconds; the last bucket has none. */
#define RC_BUCKETS 11
extern const apr_interval_time_t rc_metrics_bounds[RC_BUCKETS - 1];

#endif
