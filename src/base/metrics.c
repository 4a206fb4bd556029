// SPDX-License-Identifier: Apache-2.0
/*
 * Counts in shared memory. A counter is a cell of an open hash table, found by its family and
 * labels; the first process that counts something claims a cell for it. Gauges are kept for each
 * process, so that they are right again when one is killed.
 */
#include "metrics.h"

#include <errno.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#define PROBES 64
#define MS     1000

rc_metrics_memory_t *rc_metrics_memory;

const apr_interval_time_t rc_metrics_bounds[RC_BUCKETS - 1] = {
    1 * MS,   5 * MS,    10 * MS,   50 * MS,    100 * MS,
    500 * MS, 1000 * MS, 5000 * MS, 10000 * MS, 60000 * MS};

static struct rc_metrics_process_t *own; /* this process's place; NULL: it has none */

apr_size_t rc_metrics_size(void)
{
    return sizeof(rc_metrics_memory_t);
}

void rc_metrics_use(void *memory)
{
    rc_metrics_memory = memory;
    own = NULL;
}

/* FNV-1a. */
static unsigned mix(unsigned hash, const char *text)
{
    for (; *text; text++)
        hash = (hash ^ (unsigned char)*text) * 16777619u;
    return hash * 16777619u;
}

static bool is_cell(const rc_cell_t *cell, rc_metric_t metric, const char *first,
                    const char *second)
{
    return cell->metric == (unsigned)metric &&
           !strncmp(cell->first, first, sizeof(cell->first) - 1) &&
           !strncmp(cell->second, second, sizeof(cell->second) - 1);
}

/* Makes a free cell this counter's, unless another process claims it at the same moment. */
static bool claim(rc_cell_t *cell, rc_metric_t metric, const char *first, const char *second)
{
    unsigned free_ = RC_CELL_FREE;

    if (!__atomic_compare_exchange_n(&cell->state, &free_, RC_CELL_CLAIMED, false, __ATOMIC_ACQUIRE,
                                     __ATOMIC_ACQUIRE))
        return false;
    cell->metric = metric;
    snprintf(cell->first, sizeof(cell->first), "%s", first);
    snprintf(cell->second, sizeof(cell->second), "%s", second);
    __atomic_store_n(&cell->state, RC_CELL_READY, __ATOMIC_RELEASE);
    return true;
}

/* Returns the cell of a counter. When two processes claim one for the same counter at the same
 * moment, it gets two, and the one that comes first in the table is used from then on; both are
 * counted. NULL: the table is full. */
static rc_cell_t *find_cell(rc_metric_t metric, const char *first, const char *second)
{
    unsigned at = mix(mix(2166136261u + (unsigned)metric, first), second);
    int i;

    for (i = 0; i < PROBES; i++) {
        rc_cell_t *cell = &rc_metrics_memory->cells[(at + (unsigned)i) % RC_CELLS];
        unsigned state = __atomic_load_n(&cell->state, __ATOMIC_ACQUIRE);

        if (state == RC_CELL_READY && is_cell(cell, metric, first, second))
            return cell;
        if (state == RC_CELL_FREE && claim(cell, metric, first, second))
            return cell;
    }
    return NULL;
}

void rc_metric_add(rc_metric_t metric, const char *first, const char *second, apr_uint64_t n)
{
    rc_cell_t *cell;

    if (rc_metrics_memory && (cell = find_cell(metric, first ? first : "", second ? second : "")))
        __atomic_add_fetch(&cell->value, n, __ATOMIC_RELAXED);
}

void rc_metric_time(rc_metric_t metric, const char *first, apr_interval_time_t time)
{
    static const char *const buckets[RC_BUCKETS] = {"0", "1", "2", "3", "4", "5",
                                                    "6", "7", "8", "9", "10"};
    int i = 0;

    while (i < RC_BUCKETS - 1 && time > rc_metrics_bounds[i])
        i++;
    rc_metric_add(metric, first, buckets[i], 1);
    rc_metric_add(metric, first, "sum", (apr_uint64_t)(time > 0 ? time : 0));
}

static bool has_ended(pid_t pid)
{
    return kill(pid, 0) && errno == ESRCH;
}

void rc_metrics_begin(void)
{
    pid_t pid = getpid();
    int i;

    own = NULL;
    for (i = 0; rc_metrics_memory && i < RC_PROCESSES && !own; i++) {
        struct rc_metrics_process_t *process = &rc_metrics_memory->processes[i];
        pid_t before = __atomic_load_n(&process->pid, __ATOMIC_ACQUIRE);

        if ((before == 0 || before == pid || has_ended(before)) &&
            __atomic_compare_exchange_n(&process->pid, &before, pid, false, __ATOMIC_ACQ_REL,
                                        __ATOMIC_ACQUIRE)) {
            memset(process->gauges, 0, sizeof(process->gauges));
            own = process;
        }
    }
}

void rc_gauge_add(rc_gauge_t gauge, apr_int64_t n)
{
    if (gauge != RC_GAUGE_NONE && own)
        __atomic_add_fetch(&own->gauges[gauge], n, __ATOMIC_RELAXED);
}

apr_uint64_t rc_metric_sum(rc_metric_t metric)
{
    apr_uint64_t sum = 0;
    int i;

    for (i = 0; rc_metrics_memory && i < RC_CELLS; i++) {
        const rc_cell_t *cell = &rc_metrics_memory->cells[i];

        if (__atomic_load_n(&cell->state, __ATOMIC_ACQUIRE) == RC_CELL_READY &&
            cell->metric == (unsigned)metric)
            sum += __atomic_load_n(&cell->value, __ATOMIC_RELAXED);
    }
    return sum;
}

apr_int64_t rc_gauge_sum(rc_gauge_t gauge)
{
    apr_int64_t sum = 0;
    int i;

    for (i = 0; rc_metrics_memory && i < RC_PROCESSES; i++) {
        const struct rc_metrics_process_t *process = &rc_metrics_memory->processes[i];
        pid_t pid = __atomic_load_n(&process->pid, __ATOMIC_ACQUIRE);

        if (pid && !has_ended(pid))
            sum += __atomic_load_n(&process->gauges[gauge], __ATOMIC_RELAXED);
    }
    return sum;
}
