// SPDX-License-Identifier: Apache-2.0
/*
 * Compares the trees of two revisions. Directories with the same identity are not entered, so that
 * the time depends on what changed; copies and deletions of directories are followed to their files
 * (contract 07 §6).
 */
#include "change.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#define NESTED_MAX 2048 /* directories */

/* The entries of one name in both directories; NULL: none. */
typedef struct twin_t {
    const char *name;
    const svn_fs_dirent_t *side[2];
} twin_t;

static rc_err_t *tree_error(svn_error_t *err, const rc_svn_walk_t *walk, const char *path)
{
    return rc_svn_err(err, walk->vcs->pool, "cannot compare %s in revisions %ld and %ld of %s",
                      path, walk->rev[0], walk->rev[1], walk->vcs->path);
}

static rc_err_t *root_of(svn_fs_root_t **root, const rc_svn_walk_t *walk, int side)
{
    return rc_svn_root(root, walk->vcs, walk->rev[side]);
}

/* --- results --- */

static rc_entry_kind_t side_kind(const svn_fs_dirent_t *entry)
{
    if (!entry)
        return RC_ENTRY_NONE;
    return entry->kind == svn_node_dir ? RC_ENTRY_DIR : RC_ENTRY_FILE;
}

static rc_err_t *add_tree_change(rc_svn_walk_t *walk, const char *path, rc_entry_kind_t before,
                                 rc_entry_kind_t after, bool replaced)
{
    const char *kept = apr_pstrdup(walk->pool, path);
    rc_svn_change_t *change = apr_array_push(walk->changes);

    walk->paths += strlen(path);
    if (walk->paths > RC_SVN_PATHS_MOST)
        return rc_err(walk->vcs->pool, RC_E_LIMIT, "The paths that a commit changes are too long");
    *change = (rc_svn_change_t){.before = {.kind = before, .rev = walk->rev[0], .path = kept},
                                .after = {.kind = after, .rev = walk->rev[1], .path = kept},
                                .replaced = replaced};
    return NULL;
}

/* Adds a directory when its properties differ. */
static rc_err_t *add_folder(rc_svn_walk_t *walk, const char *path, const bool there[2],
                            apr_pool_t *scratch)
{
    svn_fs_root_t *before, *after;
    apr_hash_t *props = NULL;
    svn_boolean_t differ;

    RC_TRY(root_of(&before, walk, 0));
    RC_TRY(root_of(&after, walk, 1));
    if (there[0] && there[1])
        RC_TRY(
            tree_error(RC_SVN(svn_fs_props_different(&differ, before, path, after, path, scratch)),
                       walk, path));
    else {
        RC_TRY(tree_error(
            RC_SVN(svn_fs_node_proplist(&props, there[0] ? before : after, path, scratch)), walk,
            path));
        differ = apr_hash_count(props) > 0;
    }
    if (!differ)
        return NULL;
    return add_tree_change(walk, path, there[0] ? RC_ENTRY_DIR : RC_ENTRY_NONE,
                           there[1] ? RC_ENTRY_DIR : RC_ENTRY_NONE, false);
}

/* Adds a file with another identity, unless it is the same in all that counts. */
static rc_err_t *add_other_file(rc_svn_walk_t *walk, const char *path, const twin_t *twin,
                                apr_pool_t *scratch)
{
    bool replaced = svn_fs_compare_ids(twin->side[0]->id, twin->side[1]->id) < 0;
    svn_boolean_t differ = replaced;
    svn_fs_root_t *before, *after;

    RC_TRY(root_of(&before, walk, 0));
    RC_TRY(root_of(&after, walk, 1));
    if (!differ)
        RC_TRY(tree_error(
            RC_SVN(svn_fs_contents_different(&differ, before, path, after, path, scratch)), walk,
            path));
    if (!differ)
        RC_TRY(
            tree_error(RC_SVN(svn_fs_props_different(&differ, before, path, after, path, scratch)),
                       walk, path));
    return differ ? add_tree_change(walk, path, RC_ENTRY_FILE, RC_ENTRY_FILE, replaced) : NULL;
}

/* --- directories --- */

static int by_twin_name(const void *a, const void *b)
{
    return strcmp(((const twin_t *)a)->name, ((const twin_t *)b)->name);
}

static bool same_entry(const twin_t *twin)
{
    return twin->side[0] && twin->side[1] && twin->side[0]->kind == twin->side[1]->kind &&
           !svn_fs_compare_ids(twin->side[0]->id, twin->side[1]->id);
}

/* Returns the entries that differ, sorted by name: an array of twin_t in @a pool. */
static apr_array_header_t *find_twins(apr_hash_t *const entries[2], apr_pool_t *pool)
{
    apr_array_header_t *twins = apr_array_make(pool, 16, sizeof(twin_t));
    apr_hash_index_t *at;
    int side;

    for (side = 0; side < 2; side++)
        for (at = entries[side] ? apr_hash_first(pool, entries[side]) : NULL; at;
             at = apr_hash_next(at)) {
            const char *name = apr_hash_this_key(at);
            apr_hash_t *others = entries[1 - side];
            twin_t twin = {.name = name};

            twin.side[side] = apr_hash_this_val(at);
            twin.side[1 - side] = others ? apr_hash_get(others, name, APR_HASH_KEY_STRING) : NULL;
            if ((side && twin.side[0]) || same_entry(&twin))
                continue; /* seen before, or unchanged */
            APR_ARRAY_PUSH(twins, twin_t) = twin;
        }
    qsort(twins->elts, (size_t)twins->nelts, sizeof(twin_t), by_twin_name);
    return twins;
}

static rc_err_t *compare_folders(rc_svn_walk_t *walk, const char *path, const bool there[2],
                                 apr_pool_t *parent);

/* Adds what one side has below a name, as deleted or added. */
static rc_err_t *take_side(rc_svn_walk_t *walk, const char *path, const twin_t *twin, int side,
                           apr_pool_t *scratch)
{
    const bool there[2] = {side == 0, side == 1};
    rc_entry_kind_t kind = side_kind(twin->side[side]);

    if (kind == RC_ENTRY_DIR)
        return compare_folders(walk, path, there, scratch);
    return add_tree_change(walk, path, side ? RC_ENTRY_NONE : kind, side ? kind : RC_ENTRY_NONE,
                           false);
}

static rc_err_t *compare_twin(rc_svn_walk_t *walk, const char *path, const twin_t *twin,
                              apr_pool_t *scratch)
{
    const bool both[2] = {true, true};

    RC_TRY(rc_work_entry(walk->vcs->work, walk->vcs->pool));
    if (walk->left)
        walk->left--;
    if (!walk->left)
        return NULL;
    if (twin->side[0] && twin->side[1] && twin->side[0]->kind == twin->side[1]->kind)
        return twin->side[0]->kind == svn_node_dir ? compare_folders(walk, path, both, scratch)
                                                   : add_other_file(walk, path, twin, scratch);
    if (twin->side[0])
        RC_TRY(take_side(walk, path, twin, 0, scratch));
    return twin->side[1] ? take_side(walk, path, twin, 1, scratch) : NULL;
}

static rc_err_t *compare_entries(rc_svn_walk_t *walk, const char *path, const bool there[2],
                                 apr_pool_t *pool)
{
    apr_hash_t *entries[2] = {NULL, NULL};
    apr_array_header_t *twins;
    apr_pool_t *scratch;
    int i;

    for (i = 0; i < 2; i++)
        if (there[i])
            RC_TRY(rc_svn_read_dir(&entries[i], walk->vcs, walk->rev[i], path, pool));
    twins = find_twins(entries, pool);
    apr_pool_create(&scratch, pool);
    for (i = 0; i < twins->nelts && walk->left; i++) {
        const twin_t *twin = &APR_ARRAY_IDX(twins, i, twin_t);

        apr_pool_clear(scratch);
        RC_TRY(compare_twin(walk, apr_pstrcat(scratch, path, path[1] ? "/" : "", twin->name, NULL),
                            twin, scratch));
    }
    apr_pool_clear(scratch);
    return walk->left ? add_folder(walk, path, there, scratch) : NULL;
}

static rc_err_t *compare_folders(rc_svn_walk_t *walk, const char *path, const bool there[2],
                                 apr_pool_t *parent)
{
    apr_pool_t *pool;
    rc_err_t *err;

    if (walk->depth++ >= NESTED_MAX)
        return rc_err_internal(walk->vcs->pool, APR_SUCCESS,
                               "directories in %s are nested too deep", walk->vcs->path);
    apr_pool_create(&pool, parent);
    err = compare_entries(walk, path, there, pool);
    apr_pool_destroy(pool);
    walk->depth--;
    return err;
}

/* Sets *@a entry to what is at @a path, in @a pool; NULL: nothing. */
static svn_error_t *entry_at(const svn_fs_dirent_t **entry, svn_fs_root_t *root, const char *path,
                             apr_pool_t *pool)
{
    svn_fs_dirent_t *found = apr_pcalloc(pool, sizeof(*found));

    *entry = NULL;
    SVN_ERR(svn_fs_check_path(&found->kind, root, path, pool));
    if (found->kind == svn_node_none)
        return NULL;
    *entry = found;
    return svn_fs_node_id(&found->id, root, path, pool);
}

static rc_err_t *find_side(const svn_fs_dirent_t **entry, const rc_svn_walk_t *walk, int side,
                           const char *path, apr_pool_t *pool)
{
    svn_fs_root_t *root;

    RC_TRY(root_of(&root, walk, side));
    return tree_error(RC_SVN(entry_at(entry, root, path, pool)), walk, path);
}

rc_err_t *rc_svn_walk_node(rc_svn_walk_t *walk, const char *path, bool alone, apr_pool_t *scratch)
{
    static const bool both[2] = {true, true};
    twin_t twin = {.name = path};

    RC_TRY(find_side(&twin.side[0], walk, 0, path, scratch));
    RC_TRY(find_side(&twin.side[1], walk, 1, path, scratch));
    if (same_entry(&twin))
        return NULL;
    if (alone && side_kind(twin.side[0]) == RC_ENTRY_DIR && side_kind(twin.side[1]) == RC_ENTRY_DIR)
        return add_folder(walk, path, both, scratch);
    return compare_twin(walk, path, &twin, scratch);
}
