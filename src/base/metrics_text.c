// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the counters as OpenMetrics text.
 */
#include "metrics.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

typedef enum { RC_COUNTER, RC_SECONDS, RC_HISTOGRAM } family_type_t;

static const struct {
    const char *name;
    family_type_t type;
    const char *help, *first, *second;
} families[] = {
#define X(id, name, type, help, first, second) {name, type, help, first, second},
#include "base/metrics.def"
#undef X
};

static const struct {
    const char *name, *label, *help;
} gauges[] = {
    {"", "", ""},
#define X(id, name, label, help) {name, label, help},
#include "base/gauges.def"
#undef X
};

typedef struct metrics_text_t {
    rc_spool_t *spool;
    apr_pool_t *pool;
} metrics_text_t;

static rc_err_t *put_metric(const metrics_text_t *text, const char *fmt, ...)
{
    const char *line;
    va_list ap;

    va_start(ap, fmt);
    line = apr_pvsprintf(text->pool, fmt, ap);
    va_end(ap);
    return rc_spool_write(text->spool, line, strlen(line));
}

/* Copies the ready cells, so that what is printed is of one moment and stays sorted. */
static rc_cell_t *copy_cells(int *count, apr_pool_t *pool)
{
    rc_cell_t *cells = apr_palloc(pool, sizeof(rc_cell_t) * RC_CELLS);
    int i;

    *count = 0;
    for (i = 0; rc_metrics_memory && i < RC_CELLS; i++) {
        const rc_cell_t *cell = &rc_metrics_memory->cells[i];

        if (__atomic_load_n(&cell->state, __ATOMIC_ACQUIRE) != RC_CELL_READY)
            continue;
        memcpy(&cells[*count], cell, sizeof(*cell));
        cells[*count].value = __atomic_load_n(&cell->value, __ATOMIC_RELAXED);
        (*count)++;
    }
    return cells;
}

static int by_labels(const void *a, const void *b)
{
    const rc_cell_t *left = a, *right = b;
    int order = (int)left->metric - (int)right->metric;

    if (!order)
        order = strcmp(left->first, right->first);
    return order ? order : strcmp(left->second, right->second);
}

/* Adds up cells of the same counter, which stand together. */
static int join_cells(rc_cell_t *cells, int count)
{
    int i, end = 0;

    for (i = 0; i < count; i++)
        if (end && !by_labels(&cells[end - 1], &cells[i]))
            cells[end - 1].value += cells[i].value;
        else
            cells[end++] = cells[i];
    return end;
}

static const char *labels(const rc_cell_t *cell, apr_pool_t *pool)
{
    const char *first = families[cell->metric].first, *second = families[cell->metric].second;

    if (!first)
        return "";
    if (!second)
        return apr_psprintf(pool, "{%s=\"%s\"}", first, cell->first);
    return apr_psprintf(pool, "{%s=\"%s\",%s=\"%s\"}", first, cell->first, second, cell->second);
}

static const char *seconds(apr_uint64_t microseconds, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_UINT64_T_FMT ".%06d", microseconds / 1000000,
                        (int)(microseconds % 1000000));
}

static rc_err_t *put_buckets(const metrics_text_t *text, const rc_cell_t *cell,
                             const apr_uint64_t *buckets, apr_uint64_t sum)
{
    const char *name = families[cell->metric].name, *label = families[cell->metric].first;
    apr_uint64_t total = 0;
    int i;

    for (i = 0; i < RC_BUCKETS; i++) {
        const char *bound =
            i == RC_BUCKETS - 1
                ? "+Inf"
                : apr_psprintf(text->pool, "%d.%03d", (int)(rc_metrics_bounds[i] / 1000000),
                               (int)(rc_metrics_bounds[i] / 1000 % 1000));
        total += buckets[i];
        RC_TRY(put_metric(text, "%s_bucket{%s=\"%s\",le=\"%s\"} %" APR_UINT64_T_FMT "\n", name,
                          label, cell->first, bound, total));
    }
    RC_TRY(put_metric(text, "%s_count{%s=\"%s\"} %" APR_UINT64_T_FMT "\n", name, label, cell->first,
                      total));
    return put_metric(text, "%s_sum{%s=\"%s\"} %s\n", name, label, cell->first,
                      seconds(sum, text->pool));
}

/* Writes the histogram of the cells from @a at on that have its first label; returns how many they
 * are in @a used. */
static rc_err_t *put_histogram(int *used, const metrics_text_t *text, const rc_cell_t *at, int left)
{
    apr_uint64_t buckets[RC_BUCKETS] = {0}, sum = 0;
    int i;

    for (i = 0; i < left && at[i].metric == at->metric && !strcmp(at[i].first, at->first); i++) {
        apr_int64_t bucket;

        if (!strcmp(at[i].second, "sum"))
            sum = at[i].value;
        else if (rc_text_int(&bucket, at[i].second) && bucket >= 0 && bucket < RC_BUCKETS)
            buckets[bucket] = at[i].value;
    }
    *used = i;
    return put_buckets(text, at, buckets, sum);
}

static rc_err_t *put_counter(const metrics_text_t *text, const rc_cell_t *cell)
{
    const char *value = families[cell->metric].type == RC_SECONDS
                            ? seconds(cell->value, text->pool)
                            : apr_psprintf(text->pool, "%" APR_UINT64_T_FMT, cell->value);

    return put_metric(text, "%s_total%s %s\n", families[cell->metric].name,
                      labels(cell, text->pool), value);
}

static rc_err_t *put_family_head(const metrics_text_t *text, const char *name, const char *type,
                                 const char *help)
{
    apr_size_t len = strlen(name);

    RC_TRY(put_metric(text, "# TYPE %s %s\n", name, type));
    if (len > 8 && !strcmp(name + len - 8, "_seconds"))
        RC_TRY(put_metric(text, "# UNIT %s seconds\n", name));
    return put_metric(text, "# HELP %s %s\n", name, help);
}

static rc_err_t *put_family(const metrics_text_t *text, unsigned metric, const rc_cell_t *cells,
                            int count)
{
    bool histogram = families[metric].type == RC_HISTOGRAM;
    int i, used;

    RC_TRY(put_family_head(text, families[metric].name, histogram ? "histogram" : "counter",
                           families[metric].help));
    for (i = 0; i < count; i += used) {
        used = 1;
        if (cells[i].metric != metric)
            continue;
        if (histogram)
            RC_TRY(put_histogram(&used, text, &cells[i], count - i));
        else
            RC_TRY(put_counter(text, &cells[i]));
    }
    return NULL;
}

static rc_err_t *put_gauges(const metrics_text_t *text)
{
    int i;

    for (i = 1; i < RC_GAUGE_COUNT; i++) {
        if (strcmp(gauges[i].name, gauges[i - 1].name))
            RC_TRY(put_family_head(text, gauges[i].name, "gauge", gauges[i].help));
        RC_TRY(put_metric(text,
                          *gauges[i].label ? "%s{%s} %" APR_INT64_T_FMT "\n"
                                           : "%s%s %" APR_INT64_T_FMT "\n",
                          gauges[i].name, gauges[i].label, rc_gauge_sum((rc_gauge_t)i)));
    }
    return NULL;
}

rc_err_t *rc_metrics_write(rc_spool_t *spool, apr_pool_t *pool)
{
    metrics_text_t text = {spool, pool};
    rc_cell_t *cells;
    unsigned metric;
    int count;

    cells = copy_cells(&count, pool);
    qsort(cells, (apr_size_t)count, sizeof(*cells), by_labels);
    count = join_cells(cells, count);
    for (metric = 0; metric < RC_METRIC_COUNT; metric++)
        RC_TRY(put_family(&text, metric, cells, count));
    RC_TRY(put_gauges(&text));
    return put_metric(&text, "# EOF\n");
}
