// SPDX-License-Identifier: Apache-2.0
/*
 * Extends an order by the commits that a push or a pull brought, without sorting all again: what is
 * older than the oldest of them keeps its place. With a million commits, sorting all took seconds
 * for each push.
 *
 * The sort of graph.c is repeated for the new commits and for the known ones from the first place
 * on that has a commit as new as the oldest of them. The sort takes the newest first, so the rest
 * follows as before if all of these are taken before any commit of the rest, and if the first ones
 * of the rest with equal dates wait in the order of their places. If not, or if a known commit is
 * not reached any more, the order must be made anew.
 */
#include "git.h"

#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "heap.h"

#define NONE   ((apr_uint32_t)-1)
#define TIP    ((apr_uint32_t)1 << 31)
#define MOST   20000 /* new commits; more are worth a sort */
#define LITTLE 1000  /* known commits, which are sorted again in any case */

typedef struct fresh_t {
    git_oid id;
    apr_uint64_t time;
    apr_uint32_t parents_at, parents_n; /* in grow_t.parents */
} fresh_t;

/* Numbers below known->count are places of known commits, those from it on are new commits. */
typedef struct grow_t {
    rc_git_t *git;
    const rc_git_order_t *known;
    apr_pool_t *pool;
    apr_array_header_t *tips;    /* of apr_uint32_t: numbers, in the order in which git gets them */
    apr_array_header_t *fresh;   /* of fresh_t: new commits */
    apr_array_header_t *parents; /* of apr_uint32_t: numbers, of the new commits */
    apr_hash_t *numbers;         /* of new commits, by id */
    apr_uint32_t from;           /* the first place that is not kept */
    apr_uint32_t *waiting;       /* for each number: its children that have no place yet */
    apr_uint32_t *sorted;        /* the numbers from `from` on, newest first */
    apr_uint32_t sorted_n;
    apr_uint32_t *places; /* for each number from `from` on: its new place */
    rc_git_heap_t heap;
} grow_t;

/* --- the new commits --- */

/* Returns the number of a commit, and adds it when it is new. */
static apr_uint32_t number_of(grow_t *grow, const git_oid *id)
{
    apr_int64_t known = rc_git_order_find(grow->known, id->id);
    apr_uint32_t *number;
    fresh_t *fresh;

    if (known >= 0)
        return (apr_uint32_t)known;
    number = apr_hash_get(grow->numbers, id->id, RC_GIT_RAW);
    if (number)
        return *number;
    number = apr_palloc(grow->pool, sizeof(*number));
    *number = grow->known->count + (apr_uint32_t)grow->fresh->nelts;
    fresh = apr_array_push(grow->fresh);
    *fresh = (fresh_t){.id = *id};
    apr_hash_set(grow->numbers, apr_pmemdup(grow->pool, id->id, RC_GIT_RAW), RC_GIT_RAW, number);
    return *number;
}

static void add_tips(grow_t *grow, const apr_array_header_t *refs)
{
    int i;

    for (i = 0; i < refs->nelts; i++)
        APR_ARRAY_PUSH(grow->tips, apr_uint32_t) =
            number_of(grow, &APR_ARRAY_IDX(refs, i, const rc_git_ref_t *)->commit);
}

static rc_err_t *read_fresh(grow_t *grow, int at, apr_array_header_t *ids)
{
    apr_uint32_t first = (apr_uint32_t)grow->parents->nelts;
    git_oid id = APR_ARRAY_IDX(grow->fresh, at, fresh_t).id;
    rc_git_header_t header = {.parents = ids};
    git_odb_object *object;
    fresh_t *fresh;
    bool good;
    int i;

    apr_array_clear(ids);
    RC_TRY(rc_git_read(&object, grow->git, &id, GIT_OBJECT_COMMIT, grow->pool));
    good = rc_git_header_parse(&header, git_odb_object_data(object), git_odb_object_size(object));
    git_odb_object_free(object);
    if (!good)
        return rc_err_internal(grow->pool, APR_SUCCESS, "commit %s in %s is damaged",
                               git_oid_tostr_s(&id), grow->git->path);
    for (i = 0; i < ids->nelts; i++) {
        apr_uint32_t parent = number_of(grow, &APR_ARRAY_IDX(ids, i, git_oid));

        APR_ARRAY_PUSH(grow->parents, apr_uint32_t) = parent;
    }
    fresh = &APR_ARRAY_IDX(grow->fresh, at, fresh_t);
    fresh->time = header.time;
    fresh->parents_at = first;
    fresh->parents_n = (apr_uint32_t)ids->nelts;
    return NULL;
}

/* Reads the new commits; the list grows by their parents. */
static rc_err_t *collect_fresh(grow_t *grow, const rc_git_refs_t *refs)
{
    apr_array_header_t *ids = apr_array_make(grow->pool, 8, sizeof(git_oid));
    int i;

    add_tips(grow, refs->branches);
    add_tips(grow, refs->tags);
    for (i = 0; i < grow->fresh->nelts && grow->fresh->nelts <= MOST; i++)
        RC_TRY(read_fresh(grow, i, ids));
    return NULL;
}

static const apr_uint32_t *parents_of(apr_uint32_t *n, const grow_t *grow, apr_uint32_t number)
{
    const rc_git_order_t *known = grow->known;
    const fresh_t *fresh;

    if (number < known->count) {
        *n = known->parents_at[number + 1] - known->parents_at[number];
        return known->parents + known->parents_at[number];
    }
    fresh = &APR_ARRAY_IDX(grow->fresh, number - known->count, fresh_t);
    *n = fresh->parents_n;
    return (const apr_uint32_t *)grow->parents->elts + fresh->parents_at;
}

static apr_uint64_t time_of(const grow_t *grow, apr_uint32_t number)
{
    return number < grow->known->count
               ? grow->known->time[number]
               : APR_ARRAY_IDX(grow->fresh, number - grow->known->count, fresh_t).time;
}

/* --- sorting --- */

/* Finds the first place with a commit that is not older than each new one. Returns whether enough
 * stays before it. */
static bool find_from(grow_t *grow)
{
    const rc_git_order_t *known = grow->known;
    apr_uint64_t oldest = APR_UINT64_MAX;
    int i;

    for (i = 0; i < grow->fresh->nelts; i++)
        if (APR_ARRAY_IDX(grow->fresh, i, fresh_t).time < oldest)
            oldest = APR_ARRAY_IDX(grow->fresh, i, fresh_t).time;
    for (grow->from = 0; grow->from < known->count; grow->from++)
        if (grow->fresh->nelts && known->time[grow->from] >= oldest)
            break;
    return known->count - grow->from <= LITTLE || grow->from >= known->count / 2;
}

/* Counts the children of each commit. Returns whether all known ones are still reached: each has a
 * child or is a tip. */
static bool count_children(grow_t *grow)
{
    const rc_git_order_t *known = grow->known;
    apr_uint32_t i;
    int j;

    for (i = 0; i < known->parents_at[known->count]; i++)
        grow->waiting[known->parents[i]]++;
    for (j = 0; j < grow->parents->nelts; j++)
        grow->waiting[APR_ARRAY_IDX(grow->parents, j, apr_uint32_t)]++;
    for (j = 0; j < grow->tips->nelts; j++)
        grow->waiting[APR_ARRAY_IDX(grow->tips, j, apr_uint32_t)] |= TIP;
    for (i = 0; i < known->count; i++)
        if (!grow->waiting[i])
            return false;
    for (j = 0; j < grow->tips->nelts; j++)
        grow->waiting[APR_ARRAY_IDX(grow->tips, j, apr_uint32_t)] &= ~TIP;
    return true;
}

static void push_tips(grow_t *grow)
{
    int i;

    for (i = 0; i < grow->tips->nelts; i++) {
        apr_uint32_t tip = APR_ARRAY_IDX(grow->tips, i, apr_uint32_t);

        if (grow->waiting[tip])
            continue;
        grow->waiting[tip] = NONE; /* it may be the tip of several references */
        rc_git_heap_push(&grow->heap, time_of(grow, tip), tip);
    }
}

/* Sorts. Returns false when a commit of the rest would come too early. */
static bool sort_late(grow_t *grow, apr_uint32_t count)
{
    apr_uint32_t i, n;

    push_tips(grow);
    while (grow->sorted_n < count && grow->heap.count) {
        apr_uint32_t number = rc_git_heap_pop(&grow->heap);
        const apr_uint32_t *parents = parents_of(&n, grow, number);

        if (number < grow->from)
            return false;
        grow->sorted[grow->sorted_n++] = number;
        for (i = 0; i < n; i++)
            if (--grow->waiting[parents[i]] == 0)
                rc_git_heap_push(&grow->heap, time_of(grow, parents[i]), parents[i]);
    }
    return grow->sorted_n == count;
}

/* Returns whether the rest is taken out of the heap by place where dates are equal. */
static bool rest_follows(grow_t *grow)
{
    apr_uint32_t number, last = NONE;

    for (; grow->heap.count; last = number) {
        number = rc_git_heap_pop(&grow->heap);
        if (last != NONE && time_of(grow, last) == time_of(grow, number) && last < number)
            return false;
    }
    return true;
}

/* --- the new block --- */

static void fill_places(const grow_t *grow, rc_git_order_t *order)
{
    const rc_git_order_t *known = grow->known;
    apr_uint32_t place, total = known->parents_at[grow->from], i, n;

    memcpy(order->time, known->time, grow->from * sizeof(*order->time));
    memcpy(order->parents_at, known->parents_at, grow->from * sizeof(*order->parents_at));
    memcpy(order->parents, known->parents, total * sizeof(*order->parents));
    memcpy(order->ids, known->ids, (size_t)grow->from * RC_GIT_RAW);
    for (place = grow->from; place < order->count; place++) {
        apr_uint32_t number = grow->sorted[order->count - 1 - place];
        const apr_uint32_t *parents = parents_of(&n, grow, number);
        const unsigned char *id =
            number < known->count
                ? known->ids + (size_t)number * RC_GIT_RAW
                : APR_ARRAY_IDX(grow->fresh, number - known->count, fresh_t).id.id;

        memcpy(order->ids + (size_t)place * RC_GIT_RAW, id, RC_GIT_RAW);
        order->time[place] = time_of(grow, number);
        order->parents_at[place] = total;
        for (i = 0; i < n; i++)
            order->parents[total++] =
                parents[i] < grow->from ? parents[i] : grow->places[parents[i] - grow->from];
    }
    order->parents_at[place] = total;
}

static int compare_fresh(const void *a, const void *b, void *fresh)
{
    const apr_array_header_t *list = fresh;

    return git_oid_cmp(&APR_ARRAY_IDX(list, *(const apr_uint32_t *)a, fresh_t).id,
                       &APR_ARRAY_IDX(list, *(const apr_uint32_t *)b, fresh_t).id);
}

/* Merges the known commits, which are sorted by id, with the new ones. */
static void fill_ids(const grow_t *grow, rc_git_order_t *order)
{
    const rc_git_order_t *known = grow->known;
    apr_uint32_t i, j = 0, n = (apr_uint32_t)grow->fresh->nelts, at = 0;
    apr_uint32_t *late = grow->sorted; /* its contents are in places now */

    for (i = 0; i < n; i++)
        late[i] = i;
    qsort_r(late, n, sizeof(*late), compare_fresh, grow->fresh);
    for (i = 0; i <= known->count; i++) {
        apr_uint32_t number = i < known->count ? known->by_id[i] : 0;

        while (j < n && (i == known->count ||
                         memcmp(APR_ARRAY_IDX(grow->fresh, late[j], fresh_t).id.id,
                                known->ids + (size_t)number * RC_GIT_RAW, RC_GIT_RAW) < 0))
            order->by_id[at++] = grow->places[known->count + late[j++] - grow->from];
        if (i < known->count)
            order->by_id[at++] = number < grow->from ? number : grow->places[number - grow->from];
    }
}

static rc_git_order_t *make_block(const grow_t *grow, const rc_git_refs_t *refs)
{
    const rc_git_order_t *known = grow->known;
    rc_git_order_t *order = rc_git_order_alloc(
        grow->from + grow->sorted_n,
        known->parents_at[known->count] + (apr_uint32_t)grow->parents->nelts, refs);
    apr_uint32_t i;

    if (!order)
        return NULL;
    for (i = 0; i < grow->sorted_n; i++)
        grow->places[grow->sorted[i] - grow->from] = order->count - 1 - i;
    fill_places(grow, order);
    fill_ids(grow, order);
    order->unsaved = known->unsaved + (apr_uint32_t)grow->fresh->nelts;
    return order;
}

static rc_git_order_t *sort_and_fill(grow_t *grow, const rc_git_refs_t *refs)
{
    size_t all = (size_t)grow->known->count + (size_t)grow->fresh->nelts;
    size_t late = all - grow->from;
    rc_git_order_t *order = NULL;

    grow->waiting = calloc(all + 1, sizeof(*grow->waiting));
    grow->sorted = malloc((late + 1) * sizeof(*grow->sorted));
    grow->places = malloc((late + 1) * sizeof(*grow->places));
    if (grow->waiting && grow->sorted && grow->places && rc_git_heap_init(&grow->heap, all) &&
        count_children(grow) && sort_late(grow, (apr_uint32_t)late) && rest_follows(grow))
        order = make_block(grow, refs);
    free(grow->waiting);
    free(grow->sorted);
    free(grow->places);
    rc_git_heap_free(&grow->heap);
    return order;
}

rc_err_t *rc_git_order_grow(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                            const rc_git_order_t *known, apr_pool_t *pool)
{
    grow_t grow = {.git = git, .known = known};
    rc_work_t *work = git->work;
    rc_err_t *err;

    *order = NULL;
    apr_pool_create(&grow.pool, pool);
    grow.tips = apr_array_make(grow.pool, 64, sizeof(apr_uint32_t));
    grow.fresh = apr_array_make(grow.pool, 16, sizeof(fresh_t));
    grow.parents = apr_array_make(grow.pool, 16, sizeof(apr_uint32_t));
    grow.numbers = apr_hash_make(grow.pool);
    git->work = NULL; /* the order is shared: it is made even when the client has gone */
    err = rc_err_copy(collect_fresh(&grow, refs), pool);
    git->work = work;
    if (!err && grow.fresh->nelts <= MOST && find_from(&grow))
        *order = sort_and_fill(&grow, refs);
    apr_pool_destroy(grow.pool);
    return err;
}
