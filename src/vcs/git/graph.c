// SPDX-License-Identifier: Apache-2.0
/*
 * Computes the repository order: collects all commits that the tips reach, sorts them as `git
 * rev-list --date-order --branches --tags` does (sort_in_topological_order in its commit.c), and
 * numbers them from the last one on. The sort puts the newest first and children before parents;
 * among equal dates, the first found comes first.
 */
#include "git.h"

#include <stdlib.h>
#include <string.h>

#include "heap.h"
#include "base/log.h"

#define NONE ((apr_uint32_t)-1)
#define MANY 20000 /* after so many commits read, the work counts as costly */

/* After so many commits read from the repository, libgit2's caches are dropped. */
#define WORTH_DROPPING 2000

/* The file is written when so many commits are missing in it, and a part of all: a process that
 * reads it makes up for them in milliseconds. */
#define UNSAVED      256
#define UNSAVED_PART 64

typedef struct node_t {
    git_oid id;
    apr_uint64_t time;
    apr_uint32_t parents_at, parents_n; /* in graph_t.parents */
    apr_uint32_t waiting;               /* the number of children that have no place yet */
    apr_uint32_t place;                 /* the position in the order */
} node_t;

typedef struct graph_t {
    rc_git_t *git;
    rc_work_t *work; /* git's own work member is NULL meanwhile */
    int read;        /* the number of commits read */
    const rc_git_refs_t *refs;
    const rc_git_order_t *known; /* or NULL */
    apr_pool_t *pool;            /* for errors */
    apr_array_header_t *ids;     /* parents of the commit being read */
    node_t *nodes;
    apr_uint32_t nodes_n, nodes_room;
    apr_uint32_t *parents;
    apr_uint32_t parents_n, parents_room;
    apr_uint32_t *table; /* open addressing: node numbers by id */
    apr_uint32_t table_size;
    rc_git_heap_t heap; /* commits whose children all have a place */
} graph_t;

static rc_err_t *no_memory(graph_t *graph)
{
    return rc_err_internal(graph->pool, APR_ENOMEM, "no memory for the commits of %s",
                           graph->git->path);
}

/* --- collecting --- */

/* Enlarges @a array to @a need elements; it may move. NULL = no memory, and the array
 * is unchanged. */
static void *grow(void *array, apr_uint32_t *room, apr_uint32_t need, size_t width)
{
    apr_uint32_t size = *room ? *room : 256;
    void *bigger;

    if (need <= *room)
        return array;
    while (size < need)
        size = size > NONE / 2 ? NONE : size * 2;
    bigger = reallocarray(array, size, width);
    if (bigger)
        *room = size;
    return bigger;
}

/* Ids are hashes already, so their first bytes select the slot. */
static apr_uint32_t slot_of(const graph_t *graph, const unsigned char *id)
{
    apr_uint32_t hash;

    memcpy(&hash, id, sizeof(hash));
    return hash & (graph->table_size - 1);
}

static rc_err_t *grow_table(graph_t *graph)
{
    apr_uint32_t size = graph->table_size ? graph->table_size * 2 : 1024, i;
    apr_uint32_t *table;

    if (graph->nodes_n < graph->table_size / 2)
        return NULL;
    table = size ? malloc(size * sizeof(*table)) : NULL;
    if (!table)
        return no_memory(graph);
    memset(table, 0xff, size * sizeof(*table)); /* all NONE */
    free(graph->table);
    graph->table = table;
    graph->table_size = size;
    for (i = 0; i < graph->nodes_n; i++) {
        apr_uint32_t slot = slot_of(graph, graph->nodes[i].id.id);

        while (table[slot] != NONE)
            slot = (slot + 1) & (size - 1);
        table[slot] = i;
    }
    return NULL;
}

/* Returns the node of @a id; adds it if it is new. */
static rc_err_t *intern(apr_uint32_t *node, graph_t *graph, const unsigned char *id)
{
    apr_uint32_t slot;
    node_t *nodes;

    RC_TRY(grow_table(graph));
    for (slot = slot_of(graph, id); graph->table[slot] != NONE;
         slot = (slot + 1) & (graph->table_size - 1)) {
        *node = graph->table[slot];
        if (!memcmp(graph->nodes[*node].id.id, id, RC_GIT_RAW))
            return NULL;
    }
    nodes = grow(graph->nodes, &graph->nodes_room, graph->nodes_n + 1, sizeof(node_t));
    if (!nodes)
        return no_memory(graph);
    graph->nodes = nodes;
    *node = graph->nodes_n++;
    memset(&graph->nodes[*node], 0, sizeof(node_t));
    memcpy(graph->nodes[*node].id.id, id, RC_GIT_RAW);
    graph->table[slot] = *node;
    return NULL;
}

static rc_err_t *add_parent(graph_t *graph, apr_uint32_t child, const unsigned char *id)
{
    apr_uint32_t parent, *parents;

    RC_TRY(intern(&parent, graph, id));
    parents = grow(graph->parents, &graph->parents_room, graph->parents_n + 1, sizeof(parent));
    if (!parents)
        return no_memory(graph);
    graph->parents = parents;
    graph->parents[graph->parents_n++] = parent;
    graph->nodes[child].parents_n++;
    graph->nodes[parent].waiting++;
    return NULL;
}

static rc_err_t *copy_known(graph_t *graph, apr_uint32_t node, apr_uint32_t number)
{
    const rc_git_order_t *known = graph->known;
    apr_uint32_t i;

    graph->nodes[node].time = known->time[number];
    for (i = known->parents_at[number]; i < known->parents_at[number + 1]; i++)
        RC_TRY(add_parent(graph, node, known->ids + (size_t)known->parents[i] * RC_GIT_RAW));
    return NULL;
}

/* The order is shared: its computation continues even when the client has disconnected. */
static rc_err_t *count_commit(graph_t *graph)
{
    return ++graph->read % MANY == 0 ? rc_work_costly(graph->work, graph->pool) : NULL;
}

static rc_err_t *read_commit(graph_t *graph, apr_uint32_t node)
{
    git_oid id = graph->nodes[node].id;
    git_odb_object *object;
    rc_git_header_t header = {0};
    rc_err_t *err = NULL;
    int i;

    RC_TRY(count_commit(graph));
    RC_TRY(rc_git_read(&object, graph->git, &id, GIT_OBJECT_COMMIT, graph->pool));
    header.parents = graph->ids;
    apr_array_clear(graph->ids);
    if (!rc_git_header_parse(&header, git_odb_object_data(object), git_odb_object_size(object)))
        err = rc_err_internal(graph->pool, APR_SUCCESS, "commit %s in %s is damaged",
                              git_oid_tostr_s(&id), graph->git->path);
    graph->nodes[node].time = header.time;
    if (!rc_git_cut_off(graph->refs, &id))
        for (i = 0; !err && i < header.parents->nelts; i++)
            err = add_parent(graph, node, APR_ARRAY_IDX(header.parents, i, git_oid).id);
    git_odb_object_free(object);
    return err;
}

static rc_err_t *add_tips(graph_t *graph, const apr_array_header_t *refs)
{
    apr_uint32_t node;
    int i;

    for (i = 0; i < refs->nelts; i++)
        RC_TRY(intern(&node, graph, APR_ARRAY_IDX(refs, i, const rc_git_ref_t *)->commit.id));
    return NULL;
}

/* The array of nodes is also the queue of commits to read: new parents are appended. */
static rc_err_t *collect(graph_t *graph)
{
    apr_uint32_t i;

    for (i = 0; i < graph->nodes_n; i++) {
        apr_int64_t number =
            graph->known ? rc_git_order_find(graph->known, graph->nodes[i].id.id) : -1;

        graph->nodes[i].parents_at = graph->parents_n;
        if (number >= 0)
            RC_TRY(copy_known(graph, i, (apr_uint32_t)number));
        else
            RC_TRY(read_commit(graph, i));
    }
    return NULL;
}

/* --- sorting --- */

static void push_ready(graph_t *graph, apr_uint32_t node)
{
    rc_git_heap_push(&graph->heap, graph->nodes[node].time, node);
}

/* @a tips_n: the first nodes are the tips, in the order in which git gets them. */
static rc_err_t *assign_places(graph_t *graph, apr_uint32_t tips_n)
{
    apr_uint32_t i, place = graph->nodes_n;

    if (!rc_git_heap_init(&graph->heap, graph->nodes_n))
        return no_memory(graph);
    for (i = 0; i < tips_n; i++)
        if (!graph->nodes[i].waiting)
            push_ready(graph, i);
    while (graph->heap.count) {
        node_t *node = &graph->nodes[rc_git_heap_pop(&graph->heap)];

        node->place = --place;
        for (i = 0; i < node->parents_n; i++) {
            apr_uint32_t parent = graph->parents[node->parents_at + i];

            if (--graph->nodes[parent].waiting == 0)
                push_ready(graph, parent);
        }
    }
    return place == 0 ? NULL
                      : rc_err_internal(graph->pool, APR_SUCCESS, "the commits of %s form a cycle",
                                        graph->git->path);
}

/* --- the finished block --- */

static int compare_numbers(const void *a, const void *b, void *ids)
{
    return memcmp((const unsigned char *)ids + (size_t) * (const apr_uint32_t *)a * RC_GIT_RAW,
                  (const unsigned char *)ids + (size_t) * (const apr_uint32_t *)b * RC_GIT_RAW,
                  RC_GIT_RAW);
}

static void fill_order(rc_git_order_t *order, const graph_t *graph)
{
    apr_uint32_t *at = order->by_id, i, j, total = 0; /* first: the node at each position */

    for (i = 0; i < graph->nodes_n; i++)
        at[graph->nodes[i].place] = i;
    for (i = 0; i < graph->nodes_n; i++) {
        const node_t *node = &graph->nodes[at[i]];

        memcpy(order->ids + (size_t)i * RC_GIT_RAW, node->id.id, RC_GIT_RAW);
        order->time[i] = node->time;
        order->parents_at[i] = total;
        for (j = 0; j < node->parents_n; j++)
            order->parents[total++] = graph->nodes[graph->parents[node->parents_at + j]].place;
    }
    order->parents_at[i] = total;
    for (i = 0; i < graph->nodes_n; i++)
        order->by_id[i] = i;
    qsort_r(order->by_id, graph->nodes_n, sizeof(*order->by_id), compare_numbers, order->ids);
}

static rc_err_t *build_graph(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                             const rc_git_order_t *known, apr_pool_t *pool)
{
    graph_t graph = {.git = git, .work = git->work, .refs = refs, .known = known, .pool = pool};
    apr_uint32_t tips_n;
    rc_err_t *err;

    git->work = NULL;
    graph.ids = apr_array_make(pool, 8, sizeof(git_oid));
    err = add_tips(&graph, refs->branches);
    if (!err)
        err = add_tips(&graph, refs->tags);
    tips_n = graph.nodes_n;
    if (!err)
        err = collect(&graph);
    if (!err)
        err = assign_places(&graph, tips_n);
    if (!err && !(*order = rc_git_order_alloc(graph.nodes_n, graph.parents_n, refs)))
        err = no_memory(&graph);
    if (!err)
        fill_order(*order, &graph);
    git->work = graph.work;
    free(graph.nodes);
    free(graph.parents);
    free(graph.table);
    rc_git_heap_free(&graph.heap);
    return err;
}

/* --- the order of now --- */

static bool is_of(const rc_git_order_t *order, const rc_git_refs_t *refs)
{
    return order && !memcmp(order->key, refs->key.id, RC_GIT_RAW);
}

/* Returns an order, perhaps out of date, whose data can be reused, or NULL. In a shallow repository
 * parents may be missing, so nothing is reused. */
static const rc_git_order_t *usable(const rc_git_order_t *order, const rc_git_refs_t *refs)
{
    return order && !order->shallow && !refs->shallow->nelts ? order : NULL;
}

/* Most of what libgit2's caches contain is not needed again. */
static void drop_caches(rc_git_t *git, const rc_git_order_t *order, const rc_git_order_t *known,
                        apr_pool_t *pool)
{
    if (order->count > WORTH_DROPPING + (known ? known->count : 0) && rc_git_reopen(git, pool))
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s could not be opened again", git->path);
}

/* Leaves *@a order NULL when there is nothing that can be extended. */
static rc_err_t *extend(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                        const rc_git_order_t *known, apr_pool_t *pool)
{
    *order = NULL;
    if (!known)
        return NULL;
    RC_TRY(rc_git_order_grow(order, git, refs, known, pool));
    if (!*order)
        return NULL;
    if ((*order)->unsaved > UNSAVED + (*order)->count / UNSAVED_PART)
        rc_git_order_save(*order, git, pool);
    drop_caches(git, *order, known, pool);
    return NULL;
}

static rc_err_t *build(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                       const rc_git_order_t *known, apr_pool_t *pool)
{
    RC_TRY(build_graph(order, git, refs, known, pool));
    if ((*order)->count)
        rc_git_order_save(*order, git, pool);
    drop_caches(git, *order, known, pool);
    return NULL;
}

/* The file may be newer, by another process. It is read only when the known order is of no use. */
static rc_err_t *make_by_file(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                              const rc_git_order_t *known, apr_pool_t *pool)
{
    rc_git_order_t *file = rc_git_order_load(git, pool);
    rc_err_t *err;

    if (is_of(file, refs)) {
        *order = file;
        return NULL;
    }
    err = extend(order, git, refs, usable(file, refs), pool);
    if (!err && !*order)
        err = build(order, git, refs, usable(file, refs) ? file : known, pool);
    rc_git_order_free(file);
    return err;
}

rc_err_t *rc_git_order_make(rc_git_order_t **order, rc_git_t *git, const rc_git_refs_t *refs,
                            const rc_git_order_t *known, apr_pool_t *pool)
{
    known = usable(known, refs);
    RC_TRY(extend(order, git, refs, known, pool));
    return *order ? NULL : make_by_file(order, git, refs, known, pool);
}
