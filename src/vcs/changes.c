// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the paths that a commit changes, with or without their diffs, in the API's order (contract
 * 02 §1.7): added paths, then modified, then deleted. The back end compares two commits and prints
 * one change.
 */
#include <stdlib.h>
#include <string.h>

#include "backend.h"

typedef struct listing_t {
    rc_vcs_t *vcs;
    const rc_commit_t *commit;
    const char *temp_dir;
    rc_change_fn_t *fn;
    void *baton;
    apr_pool_t *pool, *scratch; /* scratch: cleared after each change */
} listing_t;

static const char order[] = "AMD";

static char op_of(const rc_pair_t *pair)
{
    if (pair->before.kind == RC_ENTRY_NONE)
        return 'A';
    return pair->after.kind == RC_ENTRY_NONE ? 'D' : 'M';
}

static const char *path_of(const rc_pair_t *pair)
{
    return pair->after.kind == RC_ENTRY_NONE ? pair->before.path : pair->after.path;
}

/* --- names only --- */

typedef struct name_t {
    const char *path;
    char op;
} name_t;

static int by_op_and_path(const void *a, const void *b)
{
    const name_t *x = a, *y = b;
    int cmp = (int)(strchr(order, x->op) - strchr(order, y->op));

    return cmp ? cmp : strcmp(x->path, y->path);
}

static rc_err_t *add_names(apr_array_header_t *names, const listing_t *list, const char *parent)
{
    apr_array_header_t *pairs;
    int i;

    RC_TRY(list->vcs->backend->changes(&pairs, list->vcs, list->commit->id, parent, false,
                                       list->pool));
    for (i = 0; i < pairs->nelts; i++) {
        const rc_pair_t *pair = &APR_ARRAY_IDX(pairs, i, rc_pair_t);
        name_t *name = apr_array_push(names);

        name->path = path_of(pair);
        name->op = op_of(pair);
    }
    return NULL;
}

static rc_err_t *pass_names(apr_array_header_t *names, listing_t *list)
{
    const name_t *last = NULL;
    int i;

    qsort(names->elts, (size_t)names->nelts, sizeof(name_t), by_op_and_path);
    for (i = 0; i < names->nelts; i++) {
        const name_t *name = &APR_ARRAY_IDX(names, i, name_t);
        rc_change_t change = {.path = name->path, .op = name->op};

        if (last && !by_op_and_path(last, name))
            continue; /* the same change against two parents */
        last = name;
        RC_TRY(list->fn(list->baton, &change));
    }
    return NULL;
}

static rc_err_t *pass_added(void *baton, const rc_node_t *node)
{
    listing_t *list = baton;
    rc_change_t change = {.path = node->path, .op = 'A'};

    return list->fn(list->baton, &change);
}

/* A commit without parents adds all its files, in the order of rc_vcs_nodes (contract 02 §1.7); the
 * first revision of a numbered type is like all others (contract 07 §5). */
static rc_err_t *list_names(listing_t *list)
{
    apr_array_header_t *names = apr_array_make(list->pool, 16, sizeof(name_t));
    const char *const *parent;
    bool found;

    if (!*list->commit->parents && list->vcs->backend->capabilities.numbered)
        RC_TRY(add_names(names, list, NULL));
    else if (!*list->commit->parents)
        return rc_vcs_nodes(&found, list->vcs, list->commit->id, "", RC_NODES_NAMES, list->temp_dir,
                            pass_added, list, list->pool);
    for (parent = list->commit->parents; *parent; parent++) {
        RC_TRY(add_names(names, list, *parent));
        if (list->vcs->backend->capabilities.merges_plain)
            break;
    }
    return pass_names(names, list);
}

/* --- with diffs --- */

/* Sets the diff to the printed text without what the back end skips. */
static void set_text(rc_change_t *change, const char *text, apr_size_t len,
                     const rc_printed_t *printed)
{
    apr_size_t skip = (apr_size_t)printed->skip;

    change->hunks = printed->hunks;
    change->added = printed->added;
    change->deleted = printed->deleted;
    if (len < skip)
        return;
    change->diff = text + skip;
    change->diff_len = len - skip;
}

/* Sets the ids of both sides when the contents have ids, and differ. */
static void set_ids(rc_change_t *change, const rc_pair_t *pair, const char *null_id)
{
    const char *before = pair->before.kind == RC_ENTRY_NONE ? null_id : pair->before.id;
    const char *after = pair->after.kind == RC_ENTRY_NONE ? null_id : pair->after.id;

    if (!pair->before.id && !pair->after.id)
        return;
    if (before && after && !strcmp(before, after))
        return;
    change->old_id = before;
    change->new_id = after;
}

static rc_err_t *pass_diff(listing_t *list, const rc_pair_t *pair)
{
    static const rc_diff_options_t options = {.context = 3};
    const rc_backend_t *backend = list->vcs->backend;
    rc_spool_t *spool = rc_spool_create(list->temp_dir, list->scratch);
    rc_change_t change = {.path = path_of(pair), .op = op_of(pair)};
    rc_printed_t printed;
    const char *text;

    RC_TRY(backend->print(&printed, spool, list->vcs, pair, &options, list->scratch));
    RC_TRY(rc_spool_view(&text, spool, list->scratch));
    set_ids(&change, pair, backend->capabilities.null_id);
    set_text(&change, text, (apr_size_t)rc_spool_size(spool), &printed);
    return list->fn(list->baton, &change);
}

static rc_entry_kind_t type_of(const rc_entry_t *entry)
{
    return entry->kind == RC_ENTRY_PROGRAM ? RC_ENTRY_FILE : entry->kind;
}

/* A change of type (a file becomes a link) is printed as a deletion and an addition:
 * two entries. */
static void add_pair(apr_array_header_t *out, const rc_pair_t *pair)
{
    rc_pair_t *half = apr_array_push(out);

    *half = *pair;
    if (op_of(pair) != 'M' || type_of(&pair->before) == type_of(&pair->after))
        return;
    half->after.kind = RC_ENTRY_NONE;
    half = apr_array_push(out);
    *half = *pair;
    half->before.kind = RC_ENTRY_NONE;
}

static rc_err_t *find_pairs(apr_array_header_t **out, const listing_t *list)
{
    apr_array_header_t *pairs;
    int i;

    RC_TRY(list->vcs->backend->changes(&pairs, list->vcs, list->commit->id, *list->commit->parents,
                                       true, list->pool));
    *out = apr_array_make(list->pool, pairs->nelts, sizeof(rc_pair_t));
    for (i = 0; i < pairs->nelts; i++)
        add_pair(*out, &APR_ARRAY_IDX(pairs, i, rc_pair_t));
    return NULL;
}

static rc_err_t *list_diffs(listing_t *list)
{
    apr_array_header_t *pairs;
    const char *op;
    int i;

    RC_TRY(find_pairs(&pairs, list));
    for (op = order; *op; op++)
        for (i = 0; i < pairs->nelts; i++) {
            const rc_pair_t *pair = &APR_ARRAY_IDX(pairs, i, rc_pair_t);

            apr_pool_clear(list->scratch);
            if (op_of(pair) == *op)
                RC_TRY(pass_diff(list, pair));
        }
    return NULL;
}

rc_err_t *rc_vcs_changes(rc_vcs_t *vcs, const rc_commit_t *commit, rc_changes_t what,
                         const char *temp_dir, rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    listing_t list = {vcs, commit, temp_dir, fn, baton, NULL, NULL};
    rc_err_t *err;

    apr_pool_create(&list.pool, scratch);
    apr_pool_create(&list.scratch, list.pool);
    err = what == RC_CHANGES_NAMES ? list_names(&list) : list_diffs(&list);
    apr_pool_destroy(list.pool);
    return err;
}
