// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the differences between two trees: reads both in parallel and skips equal subtrees, as in
 * git's tree-diff.c. The cost of libgit2's own comparison grows with the size of the trees; this
 * one's with the size of the change.
 *
 * This is not src/vcs/listing.c: that walks one tree, and this two at once, so that it never opens
 * a subtree that both have. It returns entries with raw modes and ids, which the detection of
 * renames and the printing of diffs need.
 */
#include "change.h"

#include <string.h>

/* Trees can contain the same subtree many times: a few objects can describe 2^80 files. */
#define ENTRIES_MAX 1000000

/* A name can be as long as its tree is large, and is a part of each path below it. */
#define PATHS_MAX ((size_t)128 << 20) /* bytes of all paths that differ */

#define DEPTH_MAX 2048 /* nested directories; git has the same limit */

typedef struct comparison_t {
    rc_git_t *git;
    apr_array_header_t *changes;
    apr_pool_t *err_pool, *pool;
    char *path; /* the current directory, with a slash at its end */
    size_t path_len, path_room;
    size_t paths; /* bytes of paths in changes */
    int depth;
    int left; /* entries that may still differ before the comparison stops; 0 = stopped */
    bool too_long;
} comparison_t;

/* Compares names in the order of a tree: a directory sorts as if its name ended in a slash. */
static int compare_names(const rc_git_cursor_t *a, const rc_git_cursor_t *b)
{
    size_t len = a->len < b->len ? a->len : b->len;
    int cmp = memcmp(a->at.path, b->at.path, len);
    unsigned char x, y;

    if (cmp)
        return cmp;
    x = a->len > len ? (unsigned char)a->at.path[len] : a->at.mode == RC_GIT_DIRECTORY ? '/' : '\0';
    y = b->len > len ? (unsigned char)b->at.path[len] : b->at.mode == RC_GIT_DIRECTORY ? '/' : '\0';
    return (x > y) - (x < y);
}

/* True when the path of @a entry is within the limit. */
static bool has_room(comparison_t *walk, const rc_git_cursor_t *entry)
{
    size_t len = walk->path_len + entry->len + 1;

    walk->paths += entry->at.mode == RC_GIT_DIRECTORY ? 0 : len;
    return len <= RC_GIT_PATH_MOST && walk->paths <= PATHS_MAX;
}

static const char *full_path(const comparison_t *walk, const rc_git_cursor_t *entry)
{
    char *path = apr_palloc(walk->pool, walk->path_len + entry->len + 1);

    if (walk->path_len)
        memcpy(path, walk->path, walk->path_len);
    memcpy(path + walk->path_len, entry->at.path, entry->len);
    path[walk->path_len + entry->len] = '\0';
    return path;
}

static void set_tree_side(rc_git_entry_t *side, const rc_git_cursor_t *cursor, const char *path)
{
    if (!cursor)
        return;
    *side = cursor->at;
    side->path = path;
}

static void add_change(comparison_t *walk, const rc_git_cursor_t *before,
                       const rc_git_cursor_t *after)
{
    rc_git_change_t *change = apr_array_push(walk->changes);
    const char *path = full_path(walk, before ? before : after);

    memset(change, 0, sizeof(*change));
    set_tree_side(&change->before, before, path);
    set_tree_side(&change->after, after, path);
}

static void enter(comparison_t *walk, const rc_git_cursor_t *entry)
{
    size_t need = walk->path_len + entry->len + 1;

    if (need > walk->path_room) {
        char *path = apr_palloc(walk->pool, need * 2);

        if (walk->path_len)
            memcpy(path, walk->path, walk->path_len);
        walk->path = path;
        walk->path_room = need * 2;
    }
    memcpy(walk->path + walk->path_len, entry->at.path, entry->len);
    walk->path[need - 1] = '/';
    walk->path_len = need;
}

static rc_err_t *compare_trees(comparison_t *walk, const git_oid *before, const git_oid *after);

/* Compares the entries of one name. One may be NULL; if both are given they are of one kind. */
static rc_err_t *compare_entries(comparison_t *walk, const rc_git_cursor_t *before,
                                 const rc_git_cursor_t *after)
{
    const rc_git_cursor_t *entry = before ? before : after;
    size_t path_len = walk->path_len;
    rc_err_t *err;

    if (before && after && before->at.mode == after->at.mode &&
        git_oid_equal(&before->at.id, &after->at.id))
        return NULL;
    walk->left--;
    RC_TRY(rc_work_entry(walk->git->work, walk->err_pool));
    if (!has_room(walk, entry)) {
        walk->left = 0;
        walk->too_long = true;
        return NULL;
    }
    if (entry->at.mode != RC_GIT_DIRECTORY) {
        add_change(walk, before, after);
        return NULL;
    }
    enter(walk, entry);
    err = compare_trees(walk, before ? &before->at.id : NULL, after ? &after->at.id : NULL);
    walk->path_len = path_len;
    return err;
}

static rc_err_t *merge_trees(comparison_t *walk, rc_git_cursor_t *before, rc_git_cursor_t *after)
{
    while ((before->at.path || after->at.path) && walk->left) {
        int cmp = !before->at.path ? 1 : !after->at.path ? -1 : compare_names(before, after);

        RC_TRY(compare_entries(walk, cmp <= 0 ? before : NULL, cmp >= 0 ? after : NULL));
        if (cmp <= 0)
            RC_TRY(rc_git_cursor_step(before, walk->git, walk->err_pool));
        if (cmp >= 0)
            RC_TRY(rc_git_cursor_step(after, walk->git, walk->err_pool));
    }
    return NULL;
}

static rc_err_t *compare_trees(comparison_t *walk, const git_oid *before, const git_oid *after)
{
    rc_git_cursor_t old_cursor, new_cursor = {0};
    rc_err_t *err;

    if (walk->depth >= DEPTH_MAX)
        return rc_err_internal(walk->err_pool, APR_SUCCESS, "directories in %s are nested too deep",
                               walk->git->path);
    walk->depth++;
    err = rc_git_cursor_open(&old_cursor, walk->git, before, walk->err_pool);
    if (!err)
        err = rc_git_cursor_open(&new_cursor, walk->git, after, walk->err_pool);
    if (!err)
        err = merge_trees(walk, &old_cursor, &new_cursor);
    rc_git_cursor_close(&old_cursor);
    rc_git_cursor_close(&new_cursor);
    walk->depth--;
    return err;
}

static rc_err_t *walk_both(apr_array_header_t **out, comparison_t *walk, const git_oid *before,
                           const git_oid *after)
{
    walk->changes = *out = apr_array_make(walk->pool, 16, sizeof(rc_git_change_t));
    if (before && after && git_oid_equal(before, after))
        return NULL;
    return compare_trees(walk, before, after);
}

rc_err_t *rc_git_tree_changes_some(apr_array_header_t **out, int *entries, rc_git_t *git,
                                   const git_oid *before, const git_oid *after,
                                   apr_pool_t *err_pool, apr_pool_t *pool)
{
    comparison_t walk = {.git = git, .err_pool = err_pool, .pool = pool, .left = *entries};
    rc_err_t *err = walk_both(out, &walk, before, after);

    *entries = walk.left;
    return err;
}

rc_err_t *rc_git_tree_changes(apr_array_header_t **out, rc_git_t *git, const git_oid *before,
                              const git_oid *after, apr_pool_t *err_pool, apr_pool_t *pool)
{
    comparison_t walk = {.git = git, .err_pool = err_pool, .pool = pool, .left = ENTRIES_MAX};

    RC_TRY(walk_both(out, &walk, before, after));
    if (walk.too_long)
        return rc_err(err_pool, RC_E_LIMIT, "The paths that a commit changes are too long");
    return walk.left ? NULL
                     : rc_err(err_pool, RC_E_LIMIT,
                              "A commit changes %d files and directories or more", ENTRIES_MAX);
}
