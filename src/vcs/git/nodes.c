// SPDX-License-Identifier: Apache-2.0
/*
 * What is below a directory of a commit (contract 02 get_repo_nodes), and the references.
 */
#include "diff/diff.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/text.h"

#define DEPTH_MAX 2048

typedef struct walk_t {
    rc_git_t *git;
    rc_vcs_t *vcs;
    bool dirs;
    const char *temp_dir;
    rc_node_fn_t *fn;
    void *baton;
    int depth;
    int missing; /* objects that could not be read */
} walk_t;

/* An entry of a directory; the name is the tree's. */
typedef struct entry_t {
    const char *name;
    apr_uint32_t mode;
    git_oid id;
} entry_t;

/* A list does not end at what cannot be read: it says so, and the log says why. True: @a err was
 * that. Limits, and a client that has gone, end it. */
static bool is_missing(walk_t *walk, const rc_err_t *err, const git_oid *id)
{
    if (!err || err->kind != RC_E_INTERNAL)
        return false;
    if (!walk->missing++)
        rc_log(RC_LOG_WARNING, err->cause, "a list of %s lacks %s: %s", walk->git->path,
               git_oid_tostr_s(id), rc_err_log_text(err, walk->vcs->pool));
    return true;
}

/* --- directories --- */

/* git sorts a directory as if its name ended in a slash; here names count alone. */
static int by_name(const void *a, const void *b)
{
    return strcmp(((const entry_t *)a)->name, ((const entry_t *)b)->name);
}

/* Entries of the open tree, by name. */
static rc_err_t *sorted(apr_array_header_t **out, rc_git_cursor_t *cursor, walk_t *walk,
                        apr_pool_t *pool)
{
    apr_array_header_t *list = *out = apr_array_make(pool, 32, sizeof(entry_t));

    while (cursor->name) {
        entry_t *entry = apr_array_push(list);

        entry->name = cursor->name;
        entry->mode = cursor->mode;
        entry->id = cursor->id;
        RC_TRY(rc_git_cursor_step(cursor, walk->git, walk->vcs->pool));
    }
    qsort(list->elts, (size_t)list->nelts, sizeof(entry_t), by_name);
    return NULL;
}

/* Where the list is of files, a directory is told only when what it holds cannot be listed. */
static rc_err_t *tell_dir(walk_t *walk, const char *path, const git_oid *id)
{
    rc_node_t dir = {.path = path, .is_dir = true};
    rc_git_cursor_t cursor;
    rc_err_t *err = rc_git_cursor_open(&cursor, walk->git, id, walk->vcs->pool);

    while (!err && cursor.name)
        err = rc_git_cursor_step(&cursor, walk->git, walk->vcs->pool);
    rc_git_cursor_close(&cursor);
    dir.missing = is_missing(walk, err, id);
    if (err && !dir.missing)
        return err;
    return walk->dirs || dir.missing ? walk->fn(walk->baton, &dir) : NULL;
}

/* --- files --- */

/* Its content comes through a file, which ends with @a pool. */
static rc_err_t *read_large(rc_node_t *node, walk_t *walk, const git_oid *id, apr_pool_t *pool)
{
    rc_entry_t entry = {.kind = RC_ENTRY_FILE, .size = (apr_off_t)node->len};
    rc_spool_t *spool = rc_spool_create(walk->temp_dir, pool);

    entry.id = rc_text_hex(id->id, RC_GIT_RAW, pool);
    RC_TRY(rc_git_content(spool, walk->vcs, &entry));
    return rc_spool_view(&node->data, spool, pool);
}

static rc_err_t *read_file(git_odb_object **blob, rc_node_t *node, walk_t *walk, const git_oid *id,
                           apr_pool_t *pool)
{
    git_object_t type;

    if (git_odb_read_header(&node->len, &type, walk->git->odb, id) == 0 &&
        type == GIT_OBJECT_BLOB && node->len >= RC_VCS_LARGE)
        return read_large(node, walk, id, pool);
    RC_TRY(rc_git_read(blob, walk->git, id, GIT_OBJECT_BLOB, walk->vcs->pool));
    node->data = git_odb_object_data(*blob);
    node->len = git_odb_object_size(*blob);
    return NULL;
}

static rc_err_t *tell_file(walk_t *walk, const char *path, const git_oid *id, apr_pool_t *parent)
{
    rc_node_t node = {.path = path};
    git_odb_object *blob = NULL;
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, parent);
    err = read_file(&blob, &node, walk, id, pool);
    if (is_missing(walk, err, id)) {
        node.missing = true;
        err = NULL;
    }
    if (!err)
        err = walk->fn(walk->baton, &node);
    git_odb_object_free(blob);
    apr_pool_destroy(pool);
    return err;
}

/* --- the walk --- */

/* Names may be as long as a tree is large. */
static rc_err_t *join(const char **path, const walk_t *walk, const char *prefix, const char *name,
                      const char *end, apr_pool_t *pool)
{
    if (strlen(prefix) + strlen(name) > RC_GIT_PATH_MOST)
        return rc_err(walk->vcs->pool, RC_E_LIMIT, "A path in this commit is too long");
    *path = apr_pstrcat(pool, prefix, name, end, NULL);
    return NULL;
}

static rc_err_t *tell_entries(walk_t *walk, const apr_array_header_t *list, const char *prefix,
                              apr_pool_t *pool)
{
    apr_pool_t *scratch;
    const char *path;
    int i;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < list->nelts; i++) {
        const entry_t *entry = &APR_ARRAY_IDX(list, i, entry_t);

        apr_pool_clear(scratch);
        RC_TRY(rc_work_entry(walk->git->work, walk->vcs->pool));
        RC_TRY(join(&path, walk, prefix, entry->name, "", scratch));
        if (entry->mode == RC_GIT_DIRECTORY)
            RC_TRY(tell_dir(walk, path, &entry->id));
        else if (!walk->dirs && entry->mode != RC_GIT_SUBMODULE)
            RC_TRY(tell_file(walk, path, &entry->id, scratch));
    }
    return NULL;
}

static rc_err_t *walk_tree(walk_t *walk, const git_oid *id, const char *prefix, apr_pool_t *parent);

static rc_err_t *walk_below(walk_t *walk, const apr_array_header_t *list, const char *prefix,
                            apr_pool_t *pool)
{
    apr_pool_t *scratch;
    const char *path;
    int i;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < list->nelts; i++) {
        const entry_t *entry = &APR_ARRAY_IDX(list, i, entry_t);

        if (entry->mode != RC_GIT_DIRECTORY)
            continue;
        apr_pool_clear(scratch);
        RC_TRY(join(&path, walk, prefix, entry->name, "/", scratch));
        RC_TRY(walk_tree(walk, &entry->id, path, scratch));
    }
    return NULL;
}

/* Everything read for one directory goes with @a parent's sub-pool when it is done. */
static rc_err_t *walk_tree(walk_t *walk, const git_oid *id, const char *prefix, apr_pool_t *parent)
{
    apr_array_header_t *list;
    rc_git_cursor_t cursor;
    apr_pool_t *pool;
    rc_err_t *err;

    if (walk->depth++ >= DEPTH_MAX)
        return rc_err_internal(walk->vcs->pool, APR_SUCCESS,
                               "directories in %s are nested too deep", walk->git->path);
    apr_pool_create(&pool, parent);
    err = rc_git_cursor_open(&cursor, walk->git, id, walk->vcs->pool);
    if (!err)
        err = sorted(&list, &cursor, walk, pool);
    if (err && walk->depth > 1 && is_missing(walk, err, id))
        err = NULL;
    else if (!err && !(err = tell_entries(walk, list, prefix, pool)))
        err = walk_below(walk, list, prefix, pool);
    rc_git_cursor_close(&cursor);
    apr_pool_destroy(pool);
    walk->depth--;
    return err;
}

rc_err_t *rc_git_nodes(bool *found, rc_vcs_t *vcs, const char *id, const char *root, bool dirs,
                       const char *temp_dir, rc_node_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    walk_t walk = {vcs->repo, vcs, dirs, temp_dir, fn, baton, 0, 0};
    rc_git_side_t at = {.path = rc_git_clean_path(root, scratch)};

    RC_TRY(rc_git_path_find(&at, vcs->repo, id, vcs->pool));
    *found = at.mode != 0;
    if (at.mode != RC_GIT_DIRECTORY || !fn)
        return NULL;
    return walk_tree(&walk, &at.id, *at.path ? apr_pstrcat(scratch, at.path, "/", NULL) : "",
                     scratch);
}
