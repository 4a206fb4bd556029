// SPDX-License-Identifier: Apache-2.0
/*
 * Repositories that are a handful of files, as gists are: one commit made of them, and reading
 * them back.
 */
#include "git.h"

#include <string.h>

#include <apr_strings.h>

#include "base/cleanup.h"

static rc_err_t *add_file(git_treebuilder *builder, git_repository *repo, const rc_vcs_file_t *file,
                          apr_pool_t *pool)
{
    git_oid blob;

    if (git_blob_create_from_buffer(&blob, repo, file->data, file->len) < 0)
        return rc_git_err(pool, "cannot write a file");
    if (git_treebuilder_insert(NULL, builder, file->name, &blob, GIT_FILEMODE_BLOB) < 0)
        return rc_err_failed(pool, "git can not hold a file of this name: %s", file->name);
    return NULL;
}

static void free_builder(void *obj)
{
    git_treebuilder_free(obj);
}

static void free_tree(void *obj)
{
    git_tree_free(obj);
}

static void free_repository(void *obj)
{
    git_repository_free(obj);
}

static void free_signature(void *obj)
{
    git_signature_free(obj);
}

static void free_commit(void *obj)
{
    git_commit_free(obj);
}

static rc_err_t *write_tree(git_tree **out, git_repository *repo, const rc_import_t *import,
                            apr_pool_t *pool)
{
    git_treebuilder *builder = NULL;
    git_oid id;
    int i;

    if (git_treebuilder_new(&builder, repo, NULL) < 0)
        return rc_git_err(pool, "cannot make a tree");
    rc_cleanup(pool, builder, free_builder);
    for (i = 0; i < import->n_files; i++)
        RC_TRY(add_file(builder, repo, &import->files[i], pool));
    if (git_treebuilder_write(&id, builder) < 0 || git_tree_lookup(out, repo, &id) < 0)
        return rc_git_err(pool, "cannot write a tree");
    rc_cleanup(pool, *out, free_tree);
    return NULL;
}

rc_err_t *rc_git_import(const char *path, const rc_import_t *import, apr_pool_t *pool)
{
    git_repository *repo = NULL;
    git_signature *author = NULL;
    git_tree *tree = NULL;
    git_oid id;

    if (git_repository_open_bare(&repo, path) < 0)
        return rc_git_err(pool, "cannot open %s", path);
    rc_cleanup(pool, repo, free_repository);
    RC_TRY(write_tree(&tree, repo, import, pool));
    if (git_signature_now(&author, import->author, import->email) < 0)
        return rc_git_err(pool, "cannot sign as %s", import->author);
    rc_cleanup(pool, author, free_signature);
    if (git_commit_create(&id, repo, "HEAD", author, author, NULL, import->message, tree, 0, NULL) <
        0)
        return rc_git_err(pool, "cannot make a commit in %s", path);
    return NULL;
}

static rc_err_t *pass_file(rc_git_t *git, const git_tree_entry *entry, rc_vcs_file_fn_t *fn,
                           void *baton, apr_pool_t *pool)
{
    git_odb_object *blob;
    rc_vcs_file_t file;
    rc_err_t *err;

    RC_TRY(rc_git_read(&blob, git, git_tree_entry_id(entry), GIT_OBJECT_BLOB, pool));
    file.name = git_tree_entry_name(entry);
    file.data = git_odb_object_data(blob);
    file.len = git_odb_object_size(blob);
    err = fn(baton, &file);
    git_odb_object_free(blob);
    return err;
}

rc_err_t *rc_git_files(rc_vcs_t *vcs, const char *id, rc_vcs_file_fn_t *fn, void *baton,
                       apr_pool_t *scratch)
{
    rc_git_t *git = vcs->repo;
    git_commit *commit = NULL;
    git_tree *tree = NULL;
    git_oid oid;
    size_t i;

    if (git_oid_fromstr(&oid, id) < 0 || git_commit_lookup(&commit, git->repo, &oid) < 0)
        return rc_git_err(vcs->pool, "cannot read %s in %s", id, git->path);
    rc_cleanup(scratch, commit, free_commit);
    if (git_commit_tree(&tree, commit) < 0)
        return rc_git_err(vcs->pool, "cannot read the tree of %s in %s", id, git->path);
    rc_cleanup(scratch, tree, free_tree);
    for (i = 0; i < git_tree_entrycount(tree); i++) {
        const git_tree_entry *entry = git_tree_entry_byindex(tree, i);

        if (git_tree_entry_type(entry) == GIT_OBJECT_BLOB)
            RC_TRY(pass_file(git, entry, fn, baton, vcs->pool));
    }
    return NULL;
}
