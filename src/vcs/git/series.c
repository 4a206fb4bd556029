// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the commits of a range as `git format-patch first^..last` selects them: those that last
 * reaches and the first parent of first does not, in git's order.
 */
#include "table.h"

#include <limits.h>

#include "reach.h"

static void reverse(apr_array_header_t *list)
{
    apr_int64_t *low = (apr_int64_t *)list->elts, *high = low + list->nelts - 1, swap;

    for (; low < high; low++, high--) {
        swap = *low;
        *low = *high;
        *high = swap;
    }
}

static bool holds_number(const apr_array_header_t *list, apr_int64_t number)
{
    int i;

    for (i = 0; i < list->nelts; i++)
        if (APR_ARRAY_IDX(list, i, apr_int64_t) == number)
            return true;
    return false;
}

static bool list_series(apr_array_header_t **list, const rc_git_order_t *order, apr_uint32_t first,
                        apr_uint32_t last, apr_pool_t *pool)
{
    apr_array_header_t *heads = apr_array_make(pool, 1, sizeof(apr_uint32_t));
    apr_array_header_t *without = apr_array_make(pool, 1, sizeof(apr_uint32_t));

    APR_ARRAY_PUSH(heads, apr_uint32_t) = last;
    if (order->parents_at[first] < order->parents_at[first + 1])
        APR_ARRAY_PUSH(without, apr_uint32_t) = order->parents[order->parents_at[first]];
    return rc_git_reach(list, order, heads, without, INT_MAX, pool);
}

rc_err_t *rc_git_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;

    *indexes = NULL;
    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    if (first < 0 || first > last || last >= (apr_int64_t)git->order->count)
        return NULL;
    if (!list_series(indexes, git->order, (apr_uint32_t)first, (apr_uint32_t)last, pool))
        return rc_err_internal(vcs->pool, APR_ENOMEM, "no memory for a range of %s", git->path);
    if (!holds_number(*indexes, first)) { /* the last one does not reach it */
        *indexes = NULL;
        return NULL;
    }
    reverse(*indexes);
    return NULL;
}
