// SPDX-License-Identifier: Apache-2.0
/*
 * Implements reach.h: marks ancestors from the newest number down, then takes the commits out of a
 * heap in git's order.
 */
#include "reach.h"

#include <stdlib.h>

#include "heap.h"

/* Marks of commits. A parent always has a smaller number than its children. */
enum { WANTED = 1, LEFT_OUT = 2, SEEN = 4 };

typedef struct reach_t {
    const rc_git_order_t *order;
    unsigned char *marks;
    rc_git_heap_t heap;
} reach_t;

static apr_uint32_t newest(const apr_array_header_t *a, const apr_array_header_t *b)
{
    const apr_array_header_t *const lists[] = {a, b};
    apr_uint32_t most = 0;
    int i, j;

    for (i = 0; i < 2; i++)
        for (j = 0; j < lists[i]->nelts; j++)
            if (APR_ARRAY_IDX(lists[i], j, apr_uint32_t) > most)
                most = APR_ARRAY_IDX(lists[i], j, apr_uint32_t);
    return most;
}

static void mark(const reach_t *reach, const apr_array_header_t *list, unsigned char as)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        reach->marks[APR_ARRAY_IDX(list, i, apr_uint32_t)] |= as;
}

/* Spreads the marks of each commit, from number @a from down, to its parents. */
static void spread(const reach_t *reach, apr_uint32_t from)
{
    const rc_git_order_t *order = reach->order;
    apr_uint32_t i, j;

    for (i = from + 1; i-- > 0;)
        if (reach->marks[i])
            for (j = order->parents_at[i]; j < order->parents_at[i + 1]; j++)
                reach->marks[order->parents[j]] |= reach->marks[i];
}

static void visit(reach_t *reach, apr_uint32_t number)
{
    if (reach->marks[number] != WANTED) /* left out, or seen */
        return;
    reach->marks[number] |= SEEN;
    rc_git_heap_push(&reach->heap, reach->order->time[number], number);
}

static void walk(apr_array_header_t *list, reach_t *reach, const apr_array_header_t *heads,
                 int most)
{
    const rc_git_order_t *order = reach->order;
    apr_uint32_t i, j;
    int k;

    for (k = 0; k < heads->nelts; k++)
        visit(reach, APR_ARRAY_IDX(heads, k, apr_uint32_t));
    while (reach->heap.count && list->nelts < most) {
        i = rc_git_heap_pop(&reach->heap);
        APR_ARRAY_PUSH(list, apr_int64_t) = i;
        for (j = order->parents_at[i]; j < order->parents_at[i + 1]; j++)
            visit(reach, order->parents[j]);
    }
}

bool rc_git_reach(apr_array_header_t **list, const rc_git_order_t *order,
                  const apr_array_header_t *heads, const apr_array_header_t *without, int most,
                  apr_pool_t *pool)
{
    reach_t reach = {.order = order};
    apr_uint32_t from = newest(heads, without);
    bool good;

    *list = apr_array_make(pool, 16, sizeof(apr_int64_t));
    if (!heads->nelts)
        return true;
    reach.marks = calloc((size_t)from + 1, 1);
    good = reach.marks && rc_git_heap_init(&reach.heap, (size_t)from + 1);
    if (good) {
        mark(&reach, heads, WANTED);
        mark(&reach, without, LEFT_OUT);
        spread(&reach, from);
        walk(*list, &reach, heads, most);
    }
    rc_git_heap_free(&reach.heap);
    free(reach.marks);
    return good;
}
