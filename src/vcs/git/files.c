// SPDX-License-Identifier: Apache-2.0
/*
 * Creates the first commit of a repository from a few files, for gists.
 */
#include "table.h"

#include <git2/sys/commit.h>

static rc_err_t *add_file(git_treebuilder *builder, git_repository *repo, const rc_vcs_file_t *file,
                          apr_pool_t *pool)
{
    git_oid blob;

    if (git_blob_create_from_buffer(&blob, repo, file->data, file->len) < 0)
        return rc_git_err(pool, "cannot write a file");
    if (git_treebuilder_insert(NULL, builder, file->name, &blob, GIT_FILEMODE_BLOB) < 0)
        return rc_err_failed(pool, "git cannot store a file of this name: %s", file->name);
    return NULL;
}

static rc_err_t *write_tree(git_oid *tree, git_repository *repo, const rc_import_t *import,
                            apr_pool_t *pool)
{
    git_treebuilder *builder = NULL;
    rc_err_t *err = NULL;
    int i;

    if (git_treebuilder_new(&builder, repo, NULL) < 0)
        return rc_git_err(pool, "cannot make a tree");
    for (i = 0; !err && i < import->n_files; i++)
        err = add_file(builder, repo, &import->files[i], pool);
    if (!err && git_treebuilder_write(tree, builder) < 0)
        err = rc_git_err(pool, "cannot write a tree");
    git_treebuilder_free(builder);
    return err;
}

static rc_err_t *write_commit(git_repository *repo, const git_oid *tree, const rc_import_t *import,
                              apr_pool_t *pool)
{
    git_signature *author = NULL;
    git_oid id;
    int n;

    if (git_signature_now(&author, import->author, import->email) < 0)
        return rc_git_err(pool, "cannot sign as %s", import->author);
    n = git_commit_create_from_ids(&id, repo, "HEAD", author, author, NULL, import->message, tree,
                                   0, NULL);
    git_signature_free(author);
    return n < 0 ? rc_git_err(pool, "cannot make a commit") : NULL;
}

rc_err_t *rc_git_import(const char *path, const rc_import_t *import, apr_pool_t *pool)
{
    git_repository *repo = NULL;
    rc_err_t *err;
    git_oid tree;

    if (git_repository_open_bare(&repo, path) < 0)
        return rc_git_err(pool, "cannot open %s", path);
    err = write_tree(&tree, repo, import, pool);
    if (!err)
        err = write_commit(repo, &tree, import, pool);
    git_repository_free(repo);
    return err;
}
