// SPDX-License-Identifier: Apache-2.0
/*
 * Compares the manifests of two changesets. What both have in common at the beginning and at the
 * end is skipped without reading its lines.
 */
#include "change.h"

#include <string.h>

#include <apr_strings.h>

#define ENTRIES_MOST 1000000
#define PATHS_MOST   ((apr_size_t)128 << 20) /* bytes of all paths that differ */

typedef struct comparing_t {
    rc_vcs_t *vcs;
    apr_array_header_t *changes;
    apr_size_t paths; /* bytes */
    int left;
} comparing_t;

/* The lines of a manifest that are still to be compared. */
typedef struct rest_t {
    const char *p, *end;
} rest_t;

static apr_size_t least_of(const rest_t *a, const rest_t *b)
{
    apr_size_t x = (apr_size_t)(a->end - a->p), y = (apr_size_t)(b->end - b->p);

    return x < y ? x : y;
}

/* Skips equal lines at the beginning. Blocks are compared first: that is fastest. */
static void skip_start(rest_t *a, rest_t *b)
{
    apr_size_t most = least_of(a, b), n = 0;

    while (most - n >= 4096 && !memcmp(a->p + n, b->p + n, 4096))
        n += 4096;
    while (n < most && a->p[n] == b->p[n])
        n++;
    while (n && a->p[n - 1] != '\n')
        n--;
    a->p += n;
    b->p += n;
}

static void skip_end(rest_t *a, rest_t *b)
{
    apr_size_t most = least_of(a, b), n = 0;
    const char *line;

    while (most - n >= 4096 && !memcmp(a->end - n - 4096, b->end - n - 4096, 4096))
        n += 4096;
    while (n < most && a->end[-1 - (apr_ssize_t)n] == b->end[-1 - (apr_ssize_t)n])
        n++;
    line = n ? memchr(a->end - n, '\n', n) : NULL;
    n = line ? (apr_size_t)(a->end - line - 1) : 0;
    a->end -= n;
    b->end -= n;
}

static rc_err_t *add_file_change(comparing_t *all, const rc_hg_file_t *before,
                                 const rc_hg_file_t *after)
{
    const char *path = apr_pstrdup(all->changes->pool, after->path ? after->path : before->path);
    rc_hg_change_t *change;

    RC_TRY(rc_work_entry(all->vcs->work, all->vcs->pool));
    if (all->left)
        all->left--;
    if (!all->left)
        return NULL;
    all->paths += strlen(path);
    if (all->paths > PATHS_MOST)
        return rc_err(all->vcs->pool, RC_E_LIMIT, "The paths that a commit changes are too long");
    change = apr_array_push(all->changes);
    *change = (rc_hg_change_t){.before = *before, .after = *after};
    change->before.path = change->after.path = path;
    return NULL;
}

static rc_err_t *compare_next(comparing_t *all, rest_t *a, rest_t *b)
{
    static const rc_hg_file_t none = {.kind = RC_ENTRY_NONE};
    rc_hg_file_t before = none, after = none;
    int cmp = a->p == a->end ? 1 : b->p == b->end ? -1 : strcmp(a->p, b->p);

    if (cmp <= 0)
        a->p = rc_hg_read_line(&before, a->p);
    if (cmp >= 0)
        b->p = rc_hg_read_line(&after, b->p);
    if (!cmp && before.kind == after.kind && !memcmp(before.node, after.node, RC_HG_NODE))
        return NULL;
    return add_file_change(all, &before, &after);
}

rc_err_t *rc_hg_compare_trees(apr_array_header_t **out, int *entries, rc_vcs_t *vcs, int before,
                              int after, apr_pool_t *pool)
{
    comparing_t all = {.vcs = vcs, .left = *entries};
    rc_hg_text_t old, new;
    rest_t a, b;

    *out = all.changes = apr_array_make(pool, 16, sizeof(rc_hg_change_t));
    RC_TRY(rc_hg_read_manifest(&old, vcs, before));
    RC_TRY(rc_hg_read_manifest(&new, vcs, after));
    a = (rest_t){old.data, old.data + old.len};
    b = (rest_t){new.data, new.data + new.len};
    skip_start(&a, &b);
    skip_end(&a, &b);
    while (all.left && (a.p < a.end || b.p < b.end))
        RC_TRY(compare_next(&all, &a, &b));
    *entries = all.left;
    return NULL;
}

rc_err_t *rc_hg_changeset_changes(apr_array_header_t **out, int *parent, rc_vcs_t *vcs, int rev,
                                  apr_pool_t *pool)
{
    rc_hg_snapshot_t *snapshot;
    int left = ENTRIES_MOST;
    rc_hg_row_t row;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    rc_hg_row(&row, snapshot->log, rev);
    *parent = row.parent[0];
    RC_TRY(rc_hg_compare_trees(out, &left, vcs, *parent, rev, pool));
    return left ? NULL
                : rc_err(vcs->pool, RC_E_LIMIT, "A commit changes %d files or more", ENTRIES_MOST);
}
