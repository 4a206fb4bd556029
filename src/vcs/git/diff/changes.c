// SPDX-License-Identifier: Apache-2.0
/*
 * The paths that a commit changes, with or without their diffs, in the API's order (contract 02
 * §1.7): all that is added, then changed, then deleted.
 */
#include "diff.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

typedef struct listing_t {
    rc_git_t *git;
    rc_vcs_t *vcs;
    const char *temp_dir;
    rc_change_fn_t *fn;
    void *baton;
    apr_pool_t *pool, *scratch; /* scratch: cleared after each change */
} listing_t;

static char op_of(const rc_git_change_t *change)
{
    return !change->before.mode ? 'A' : !change->after.mode ? 'D' : 'M';
}

static const char *path_of(const rc_git_change_t *change)
{
    return change->after.mode ? change->after.path : change->before.path;
}

/* --- names only --- */

typedef struct name_t {
    const char *path;
    char op;
} name_t;

static int by_op_and_path(const void *a, const void *b)
{
    const name_t *x = a, *y = b;
    static const char order[] = "AMD";
    int cmp = (int)(strchr(order, x->op) - strchr(order, y->op));

    return cmp ? cmp : strcmp(x->path, y->path);
}

static rc_err_t *add_names(apr_array_header_t *names, listing_t *list, const git_oid *before,
                           const git_oid *after)
{
    apr_array_header_t *changes;
    int i;

    RC_TRY(rc_git_tree_changes(&changes, list->git, before, after, list->vcs->pool, list->pool));
    for (i = 0; i < changes->nelts; i++) {
        const rc_git_change_t *change = &APR_ARRAY_IDX(changes, i, rc_git_change_t);
        name_t *name = apr_array_push(names);

        name->path = path_of(change);
        name->op = op_of(change);
    }
    return NULL;
}

static rc_err_t *tell_names(apr_array_header_t *names, listing_t *list)
{
    const name_t *last = NULL;
    int i;

    qsort(names->elts, (size_t)names->nelts, sizeof(name_t), by_op_and_path);
    for (i = 0; i < names->nelts; i++) {
        const name_t *name = &APR_ARRAY_IDX(names, i, name_t);
        rc_change_t change = {.path = name->path, .op = name->op};

        if (last && !by_op_and_path(last, name))
            continue; /* the same against two parents */
        last = name;
        RC_TRY(list->fn(list->baton, &change));
    }
    return NULL;
}

static rc_err_t *tell_added(void *baton, const rc_node_t *node)
{
    listing_t *list = baton;
    rc_change_t change = {.path = node->path, .op = 'A'};

    return list->fn(list->baton, &change);
}

static rc_err_t *list_names(listing_t *list, const char *id)
{
    apr_array_header_t *names = apr_array_make(list->pool, 16, sizeof(name_t));
    git_oid tree, parent_tree, unused;
    const char *const *parent;
    rc_commit_t *commit;
    bool more, found;

    RC_TRY(rc_git_commit(&commit, list->vcs, id, RC_VCS_SHORT, list->pool));
    if (!*commit->parents)
        return rc_git_nodes(&found, list->vcs, id, "", false, list->temp_dir, tell_added, list,
                            list->pool);
    for (parent = commit->parents; *parent; parent++) {
        RC_TRY(rc_git_commit_trees(&tree, &parent_tree, &more, list->git, id, list->vcs->pool));
        RC_TRY(
            rc_git_commit_trees(&parent_tree, &unused, &more, list->git, *parent, list->vcs->pool));
        RC_TRY(add_names(names, list, &parent_tree, &tree));
    }
    return tell_names(names, list);
}

/* --- with diffs --- */

/* Counts the lines of hunks. */
static void count_lines(rc_change_t *change)
{
    const char *p = change->diff, *end = p + change->diff_len;

    while (p < end) {
        const char *stop = memchr(p, '\n', (size_t)(end - p));

        change->added += *p == '+';
        change->deleted += *p == '-';
        p = stop ? stop + 1 : end;
    }
}

/* What was printed, taken apart: only the hunks, or if there are none, all behind the first words.
 * A name never holds a line break here (git quotes it), so the first "@@ " line begins the hunks.
 */
static void take_apart(rc_change_t *change, const char *text, apr_size_t len)
{
    const char *hunks = memmem(text, len, "\n@@ ", 4);
    apr_size_t skip = strlen("diff --git");

    change->hunks = hunks != NULL;
    if (hunks) {
        change->diff = hunks + 1;
        change->diff_len = len - (apr_size_t)(hunks + 1 - text);
        count_lines(change);
    } else if (len >= skip) {
        change->diff = text + skip;
        change->diff_len = len - skip;
    }
}

static const char *side_id(const rc_git_side_t *side, apr_pool_t *pool)
{
    char hex[GIT_OID_HEXSZ + 1];

    git_oid_tostr(hex, sizeof(hex), &side->id); /* zeros when it is not there */
    return apr_pstrdup(pool, hex);
}

static rc_err_t *tell_diff(listing_t *list, const rc_git_change_t *from)
{
    static const rc_diff_options_t options = {.context = 3};
    rc_spool_t *spool = rc_spool_create(list->temp_dir, list->scratch);
    rc_git_printer_t printer = {.spool = spool,
                                .git = list->git,
                                .options = &options,
                                .err_pool = list->vcs->pool,
                                .scratch = list->scratch};
    rc_change_t change = {.path = path_of(from), .op = op_of(from)};
    const char *text;

    RC_TRY(rc_git_print_change(&printer, from));
    RC_TRY(rc_spool_view(&text, spool, list->scratch));
    if (!(from->before.mode && from->after.mode &&
          git_oid_equal(&from->before.id, &from->after.id))) {
        change.old_id = side_id(&from->before, list->scratch);
        change.new_id = side_id(&from->after, list->scratch);
    }
    take_apart(&change, text, (apr_size_t)rc_spool_size(spool));
    return list->fn(list->baton, &change);
}

/* A change of type is printed as a deletion and an addition, so it is two entries. */
static void split_types(apr_array_header_t *out, const rc_git_change_t *change)
{
    rc_git_change_t *half;

    *(rc_git_change_t *)apr_array_push(out) = *change;
    if (op_of(change) != 'M' || RC_GIT_TYPE(change->before.mode) == RC_GIT_TYPE(change->after.mode))
        return;
    memset(&APR_ARRAY_IDX(out, out->nelts - 1, rc_git_change_t).after, 0, sizeof(half->after));
    half = apr_array_push(out);
    *half = *change;
    memset(&half->before, 0, sizeof(half->before));
}

static rc_err_t *find_changes(apr_array_header_t **out, listing_t *list, const char *id)
{
    apr_array_header_t *changes;
    int i;

    RC_TRY(rc_git_diff_changes(&changes, list->git, id, list->vcs->pool, list->pool));
    *out = apr_array_make(list->pool, changes->nelts, sizeof(rc_git_change_t));
    for (i = 0; i < changes->nelts; i++)
        if (!APR_ARRAY_IDX(changes, i, rc_git_change_t).moved)
            split_types(*out, &APR_ARRAY_IDX(changes, i, rc_git_change_t));
    return NULL;
}

static rc_err_t *list_diffs(listing_t *list, const char *id)
{
    apr_array_header_t *changes;
    const char *op;
    int i;

    RC_TRY(find_changes(&changes, list, id));
    for (op = "AMD"; *op; op++)
        for (i = 0; i < changes->nelts; i++) {
            const rc_git_change_t *change = &APR_ARRAY_IDX(changes, i, rc_git_change_t);

            apr_pool_clear(list->scratch);
            if (op_of(change) == *op)
                RC_TRY(tell_diff(list, change));
        }
    return NULL;
}

rc_err_t *rc_git_changes(rc_vcs_t *vcs, const char *id, rc_changes_t what, const char *temp_dir,
                         rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    listing_t list = {vcs->repo, vcs, temp_dir, fn, baton, NULL, NULL};
    rc_err_t *err;

    apr_pool_create(&list.pool, scratch);
    apr_pool_create(&list.scratch, list.pool);
    err = what == RC_CHANGES_NAMES ? list_names(&list, id) : list_diffs(&list, id);
    apr_pool_destroy(list.pool);
    return err;
}
