// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the commits of a range as `git format-patch first^..last` selects them: those that last
 * reaches and the first parent of first does not, in git's order.
 */
#include "table.h"

#include <stdlib.h>

#include "heap.h"

/* Marks of commits. A parent always has a smaller number than its children. */
enum { WANTED = 1, LEFT_OUT = 2, SEEN = 4 };

/* Spreads @a mark from marked commits to all their ancestors, from number @a from down. */
static void spread(unsigned char *marks, const rc_git_order_t *order, apr_uint32_t from,
                   unsigned char mark)
{
    apr_uint32_t i, j;

    for (i = from + 1; i-- > 0;)
        if (marks[i] & mark)
            for (j = order->parents_at[i]; j < order->parents_at[i + 1]; j++)
                marks[order->parents[j]] |= mark;
}

static bool wanted(unsigned char marks)
{
    return (marks & (WANTED | LEFT_OUT | SEEN)) == WANTED;
}

/* Fills @a list, which is large enough, in git's order, newest first. */
static void walk(apr_array_header_t *list, unsigned char *marks, const rc_git_order_t *order,
                 rc_git_heap_t *heap, apr_uint32_t last)
{
    rc_git_heap_push(heap, order->time[last], last);
    marks[last] |= SEEN;
    while (heap->count) {
        apr_uint32_t i = rc_git_heap_pop(heap), j;

        APR_ARRAY_PUSH(list, apr_int64_t) = i;
        for (j = order->parents_at[i]; j < order->parents_at[i + 1]; j++) {
            apr_uint32_t parent = order->parents[j];

            if (!wanted(marks[parent]))
                continue;
            marks[parent] |= SEEN;
            rc_git_heap_push(heap, order->time[parent], parent);
        }
    }
}

static void reverse(apr_array_header_t *list)
{
    apr_int64_t *low = (apr_int64_t *)list->elts, *high = low + list->nelts - 1, swap;

    for (; low < high; low++, high--) {
        swap = *low;
        *low = *high;
        *high = swap;
    }
}

/* *@a list stays NULL when @a last does not reach @a first. */
static bool list_series(apr_array_header_t **list, const rc_git_order_t *order, apr_uint32_t first,
                        apr_uint32_t last, apr_pool_t *pool)
{
    unsigned char *marks = calloc((size_t)last + 1, 1);
    rc_git_heap_t heap = {NULL, 0, 0};
    bool good = marks && rc_git_heap_init(&heap, (size_t)last + 1);

    if (good) {
        marks[last] = WANTED;
        spread(marks, order, last, WANTED);
        if (marks[first] & WANTED) {
            if (order->parents_at[first] < order->parents_at[first + 1])
                marks[order->parents[order->parents_at[first]]] |= LEFT_OUT;
            spread(marks, order, first, LEFT_OUT);
            *list = apr_array_make(pool, 16, sizeof(apr_int64_t));
            walk(*list, marks, order, &heap, last);
            reverse(*list);
        }
    }
    rc_git_heap_free(&heap);
    free(marks);
    return good;
}

rc_err_t *rc_git_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;

    *indexes = NULL;
    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    if (first < 0 || first > last || last >= (apr_int64_t)git->order->count)
        return NULL;
    if (list_series(indexes, git->order, (apr_uint32_t)first, (apr_uint32_t)last, pool))
        return NULL;
    return rc_err_internal(vcs->pool, APR_ENOMEM, "no memory for a range of %s", git->path);
}
