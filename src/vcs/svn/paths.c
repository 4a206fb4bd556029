// SPDX-License-Identifier: Apache-2.0
/*
 * Finds what a revision changes. libsvn stores a list of changed paths with each revision: only
 * these are compared, so that unchanged directories are not read. A long list is not followed; then
 * both trees are compared.
 */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include <svn_dirent_uri.h>

#define ENTRIES_MAX 1000000
#define LISTED_MOST 10000 /* paths of a list that is followed */
#define KNOWN_ENTRY 150   /* bytes of a revision, without its changes */

/* A path of the list. */
typedef struct listed_t {
    const char *path;
    bool alone;   /* the node stays: what changed below it is in the list, too */
    bool covered; /* compared with a directory that contains it */
} listed_t;

static bool is_inside(const char *path, const char *top)
{
    apr_size_t len = strlen(top);

    return !top[1] || (!strncmp(path, top, len) && path[len] == '/');
}

/* Reads the paths that @a root changes; *@a whole is false when there are too many, or odd ones. */
static svn_error_t *read_paths(apr_array_header_t *listed, bool *whole, svn_fs_root_t *root,
                               apr_pool_t *pool)
{
    svn_fs_path_change_iterator_t *at;
    svn_fs_path_change3_t *change;

    SVN_ERR(svn_fs_paths_changed3(&at, root, pool, pool));
    SVN_ERR(svn_fs_path_change_get(&change, at));
    while (change && listed->nelts < LISTED_MOST) {
        listed_t *entry;

        if (change->path.data[0] != '/' || !svn_relpath_is_canonical(change->path.data + 1))
            break;
        entry = apr_array_push(listed);
        entry->path = apr_pstrmemdup(pool, change->path.data, change->path.len);
        entry->alone = change->change_kind == svn_fs_path_change_modify;
        entry->covered = false;
        SVN_ERR(svn_fs_path_change_get(&change, at));
    }
    *whole = !change;
    return NULL;
}

/* Compares as `svn diff` prints: by the names of each directory, and directories after what they
 * contain. */
static int by_order(const void *a, const void *b)
{
    const char *x = ((const listed_t *)a)->path, *y = ((const listed_t *)b)->path;

    if (!x[1] || !y[1])
        return !x[1] - !y[1]; /* the root contains all */
    while (*x && *x == *y) {
        x++;
        y++;
    }
    if (*x == '/' || *y == '/')
        return *x == '/' ? -1 : 1; /* the end of a name is less than all letters */
    return (unsigned char)*x - (unsigned char)*y;
}

/* A directory stands behind what it contains, so its paths are before it. */
static void mark_covered(const apr_array_header_t *listed)
{
    const char *top = NULL;
    int i;

    for (i = listed->nelts - 1; i >= 0; i--) {
        listed_t *entry = &APR_ARRAY_IDX(listed, i, listed_t);

        entry->covered = top && is_inside(entry->path, top);
        if (!entry->covered)
            top = entry->alone ? NULL : entry->path;
    }
}

static rc_err_t *walk_listed(rc_svn_walk_t *walk, const apr_array_header_t *listed,
                             apr_pool_t *scratch)
{
    apr_pool_t *pool;
    int i;

    apr_pool_create(&pool, scratch);
    for (i = 0; i < listed->nelts && walk->left; i++) {
        const listed_t *entry = &APR_ARRAY_IDX(listed, i, listed_t);

        apr_pool_clear(pool);
        if (!entry->covered)
            RC_TRY(rc_svn_walk_node(walk, entry->path, entry->alone, pool));
    }
    return NULL;
}

static rc_err_t *list_paths(apr_array_header_t *listed, bool *whole, const rc_svn_walk_t *walk,
                            apr_pool_t *pool)
{
    svn_fs_root_t *root;

    RC_TRY(rc_work_spend(walk->vcs->work, 0, walk->vcs->pool));
    RC_TRY(rc_svn_root(&root, walk->vcs, walk->rev[1]));
    return rc_svn_err(RC_SVN(read_paths(listed, whole, root, pool)), walk->vcs->pool,
                      "cannot read what revision %ld of %s changes", walk->rev[1], walk->vcs->path);
}

static rc_err_t *compare_revision(rc_svn_walk_t *walk, apr_pool_t *scratch)
{
    apr_array_header_t *listed = apr_array_make(scratch, 16, sizeof(listed_t));
    bool whole;

    RC_TRY(list_paths(listed, &whole, walk, scratch));
    if (!whole || listed->nelts >= walk->left)
        return rc_svn_walk_node(walk, "/", false, scratch);
    qsort(listed->elts, (size_t)listed->nelts, sizeof(listed_t), by_order);
    mark_covered(listed);
    return walk_listed(walk, listed, scratch);
}

/* --- what is known of revisions --- */

/* What a revision changes never changes itself, so an open repository keeps it, up to a limit. */

static const apr_array_header_t *find_known(const rc_svn_t *svn, svn_revnum_t rev, int entries)
{
    const apr_array_header_t *changes =
        svn->known ? apr_hash_get(svn->known, &rev, sizeof(rev)) : NULL;

    return changes && changes->nelts < entries ? changes : NULL;
}

static void keep_known(rc_svn_t *svn, svn_revnum_t rev, const apr_array_header_t *changes)
{
    apr_size_t size = KNOWN_ENTRY;
    apr_array_header_t *kept;
    int i;

    for (i = 0; i < changes->nelts; i++)
        size += sizeof(rc_svn_change_t) +
                strlen(APR_ARRAY_IDX(changes, i, rc_svn_change_t).after.path) + 1;
    if (size > RC_SVN_KNOWN_ONE || svn->known_bytes + size > RC_SVN_KNOWN_MOST)
        return;
    svn->known_bytes += size;
    if (!svn->known) {
        apr_pool_create(&svn->known_pool, svn->pool);
        svn->known = apr_hash_make(svn->known_pool);
    }
    kept = apr_array_copy(svn->known_pool, changes);
    for (i = 0; i < kept->nelts; i++) {
        rc_svn_change_t *change = &APR_ARRAY_IDX(kept, i, rc_svn_change_t);

        change->before.path = change->after.path = apr_pstrdup(svn->known_pool, change->after.path);
    }
    apr_hash_set(svn->known, apr_pmemdup(svn->known_pool, &rev, sizeof(rev)), sizeof(rev), kept);
}

rc_err_t *rc_svn_compare_trees(apr_array_header_t **out, int *entries, rc_vcs_t *vcs,
                               svn_revnum_t rev, apr_pool_t *pool)
{
    rc_svn_walk_t walk = {.vcs = vcs, .rev = {rev - 1, rev}, .left = *entries, .pool = pool};
    const apr_array_header_t *known = find_known(vcs->repo, rev, *entries);
    apr_pool_t *scratch;

    if (known) {
        *out = apr_array_copy(pool, known);
        *entries -= known->nelts;
        return rc_work_spend(vcs->work, 0, vcs->pool);
    }
    *out = walk.changes = apr_array_make(pool, 4, sizeof(rc_svn_change_t));
    if (walk.left) {
        apr_pool_create(&scratch, pool);
        RC_TRY(compare_revision(&walk, scratch));
        apr_pool_destroy(scratch);
    }
    if (walk.left)
        keep_known(vcs->repo, rev, *out);
    *entries = walk.left;
    return NULL;
}

rc_err_t *rc_svn_revision_changes(apr_array_header_t **out, rc_vcs_t *vcs, svn_revnum_t rev,
                                  apr_pool_t *pool)
{
    int left = ENTRIES_MAX;

    RC_TRY(rc_svn_compare_trees(out, &left, vcs, rev, pool));
    return left ? NULL
                : rc_err(vcs->pool, RC_E_LIMIT, "A commit changes %d files and directories or more",
                         ENTRIES_MAX);
}
