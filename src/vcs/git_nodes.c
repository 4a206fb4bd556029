// SPDX-License-Identifier: Apache-2.0
/*
 * What is below a directory of a commit (contract 02 get_repo_nodes), and the references.
 */
#include "git.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "rc_own.h"
#include "rc_text.h"

#define DEPTH_MAX 2048

typedef struct walk_t {
    rc_git_t *git;
    rc_vcs_t *vcs;
    bool dirs;
    const char *temp_dir;
    rc_node_fn_t *fn;
    void *baton;
    int depth;
} walk_t;

static rc_err_t *lookup_tree(git_tree **tree, walk_t *walk, const git_oid *id, apr_pool_t *pool)
{
    RC_TRY(rc_git_spend(walk->git, id, walk->vcs->pool));
    if (git_tree_lookup(tree, walk->git->repo, id) < 0)
        return rc_git_err(walk->vcs->pool, "cannot read a tree in %s", walk->git->path);
    rc_own(pool, *tree, RC_DROP(git_tree_free));
    return NULL;
}

/* git sorts a directory as if its name ended in a slash; here names count alone. */
static int by_name(const void *a, const void *b)
{
    return strcmp(git_tree_entry_name(*(const git_tree_entry *const *)a),
                  git_tree_entry_name(*(const git_tree_entry *const *)b));
}

static const git_tree_entry **sorted(const git_tree *tree, apr_pool_t *pool)
{
    size_t count = git_tree_entrycount(tree), i;
    const git_tree_entry **list = apr_palloc(pool, (count + 1) * sizeof(*list));

    for (i = 0; i < count; i++)
        list[i] = git_tree_entry_byindex(tree, i);
    list[count] = NULL;
    qsort(list, count, sizeof(*list), by_name);
    return list;
}

/* Its content comes through a file, which ends with a pool of its own. */
static rc_err_t *tell_large(walk_t *walk, rc_node_t *node, const git_oid *id, apr_pool_t *parent)
{
    rc_entry_t entry = {.kind = RC_ENTRY_FILE, .size = (apr_off_t)node->len};
    rc_spool_t *spool;
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, parent);
    entry.id = rc_text_hex(id->id, RC_GIT_RAW, pool);
    spool = rc_spool_create(walk->temp_dir, pool);
    err = rc_git_content(spool, walk->vcs, &entry);
    if (!err)
        err = rc_spool_view(&node->data, spool, pool);
    if (!err)
        err = walk->fn(walk->baton, node);
    apr_pool_destroy(pool);
    return err;
}

static rc_err_t *tell_file(walk_t *walk, const char *path, const git_oid *id, apr_pool_t *pool)
{
    rc_node_t node = {.path = path};
    git_odb_object *blob;
    git_object_t type;
    rc_err_t *err;

    if (git_odb_read_header(&node.len, &type, walk->git->odb, id) == 0 && type == GIT_OBJECT_BLOB &&
        node.len >= RC_VCS_LARGE)
        return tell_large(walk, &node, id, pool);
    RC_TRY(rc_git_read(&blob, walk->git, id, GIT_OBJECT_BLOB, walk->vcs->pool));
    node.data = git_odb_object_data(blob);
    node.len = git_odb_object_size(blob);
    err = walk->fn(walk->baton, &node);
    git_odb_object_free(blob);
    return err;
}

static rc_err_t *tell_entries(walk_t *walk, const git_tree_entry **list, const char *prefix,
                              apr_pool_t *pool)
{
    for (; *list; list++) {
        const char *path = apr_pstrcat(pool, prefix, git_tree_entry_name(*list), NULL);
        git_object_t type = git_tree_entry_type(*list);
        rc_node_t dir = {.path = path, .is_dir = true};

        RC_TRY(rc_work_entry(walk->git->work, walk->vcs->pool));
        if (walk->dirs && type == GIT_OBJECT_TREE)
            RC_TRY(walk->fn(walk->baton, &dir));
        if (!walk->dirs && type == GIT_OBJECT_BLOB)
            RC_TRY(tell_file(walk, path, git_tree_entry_id(*list), pool));
    }
    return NULL;
}

/* Everything read for one directory goes with @a parent's sub-pool when it is done. */
static rc_err_t *walk_tree(walk_t *walk, const git_oid *id, const char *prefix, apr_pool_t *parent)
{
    const git_tree_entry **list;
    rc_err_t *err = NULL;
    apr_pool_t *pool;
    git_tree *tree;

    if (walk->depth++ >= DEPTH_MAX)
        return rc_err_internal(walk->vcs->pool, APR_SUCCESS,
                               "directories in %s are nested too deep", walk->git->path);
    apr_pool_create(&pool, parent);
    if (!(err = lookup_tree(&tree, walk, id, pool))) {
        list = sorted(tree, pool);
        err = tell_entries(walk, list, prefix, pool);
        for (; !err && *list; list++)
            if (git_tree_entry_type(*list) == GIT_OBJECT_TREE)
                err = walk_tree(walk, git_tree_entry_id(*list),
                                apr_pstrcat(pool, prefix, git_tree_entry_name(*list), "/", NULL),
                                pool);
    }
    apr_pool_destroy(pool);
    walk->depth--;
    return err;
}

/* The directory at @a root; *id is set only when it is one. */
static rc_err_t *find_root(bool *found, bool *is_dir, git_oid *id, walk_t *walk, const char *root,
                           apr_pool_t *pool)
{
    git_tree_entry *entry = NULL;
    git_tree *tree;
    int n;

    *found = *is_dir = true;
    if (!*root)
        return NULL;
    RC_TRY(lookup_tree(&tree, walk, id, pool));
    n = git_tree_entry_bypath(&entry, tree, root);
    *found = n == 0;
    if (n == GIT_ENOTFOUND)
        return NULL;
    if (n < 0)
        return rc_git_err(walk->vcs->pool, "cannot look up a path in %s", walk->git->path);
    *is_dir = git_tree_entry_type(entry) == GIT_OBJECT_TREE;
    *id = *git_tree_entry_id(entry);
    git_tree_entry_free(entry);
    return NULL;
}

const char *rc_git_clean_path(const char *path, apr_pool_t *pool)
{
    char *clean = apr_palloc(pool, strlen(path) + 1), *out = clean;

    for (; *path; path++)
        if (*path != '/' || (out > clean && out[-1] != '/'))
            *out++ = *path;
    if (out > clean && out[-1] == '/')
        out--;
    *out = '\0';
    return clean;
}

rc_err_t *rc_git_nodes(bool *found, rc_vcs_t *vcs, const char *id, const char *root, bool dirs,
                       const char *temp_dir, rc_node_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    walk_t walk = {vcs->repo, vcs, dirs, temp_dir, fn, baton, 0};
    const char *clean = rc_git_clean_path(root, scratch);
    git_oid tree, unused;
    bool is_dir, more;

    RC_TRY(rc_git_commit_trees(&tree, &unused, &more, vcs->repo, id, vcs->pool));
    RC_TRY(find_root(found, &is_dir, &tree, &walk, clean, scratch));
    if (!*found || !is_dir || !fn)
        return NULL;
    return walk_tree(&walk, &tree, *clean ? apr_pstrcat(scratch, clean, "/", NULL) : "", scratch);
}

rc_err_t *rc_git_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton)
{
    rc_git_t *git = vcs->repo;
    const apr_array_header_t *list;
    char hex[GIT_OID_HEXSZ + 1];
    int i;

    RC_TRY(rc_git_look(git, false, vcs->pool));
    list = which == RC_BRANCHES ? git->refs->branches : git->refs->tags;
    for (i = 0; i < list->nelts; i++) {
        const rc_git_ref_t *ref = APR_ARRAY_IDX(list, i, const rc_git_ref_t *);

        RC_TRY(rc_work_spend(git->work, 0, vcs->pool));
        git_oid_tostr(hex, sizeof(hex), &ref->commit);
        RC_TRY(fn(baton, ref->name, hex));
    }
    return NULL;
}
