// SPDX-License-Identifier: Apache-2.0
/*
 * Deletes a repository, with or without its forks (contract 02 §5 delete_repo).
 */
#include "domain/repo_change.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "domain/disk_transaction.h"
#include "domain/repo.h"
#include "store/repo_change.h"

typedef struct deletion_t {
    rc_repo_deletion_t *request;
    apr_array_header_t *doomed; /* of rc_named_t: the repositories to lock and delete */
    rc_disk_txn_t *disk;
} deletion_t;

/* Lists the repositories to delete: @a repo and, @a with_forks, the forks that the caller
 * administers. */
static rc_err_t *find_doomed(apr_array_header_t **doomed, rc_db_t *db, const rc_repo_t *repo,
                             rc_viewer_t viewer, bool with_forks, apr_pool_t *pool)
{
    if (with_forks)
        return rc_store_repo_with_forks_of(doomed, db, viewer, repo->id, pool);
    *doomed = apr_array_make(pool, 1, sizeof(rc_named_t));
    APR_ARRAY_PUSH(*doomed, rc_named_t) = (rc_named_t){repo->id, repo->name};
    return NULL;
}

static rc_err_t *plan(rc_actor_t *actor, deletion_t *deletion)
{
    rc_repo_deletion_t *request = deletion->request;
    rc_viewer_t viewer = rc_caller_viewer(actor->caller);
    apr_int64_t id = request->repo->id;

    RC_TRY(rc_actor_require(actor, request->repo->level, RC_ADMIN));
    RC_TRY(rc_store_repo_fork_count(&request->forks, actor->db, viewer, id, RC_READ));
    RC_TRY(rc_store_repo_fork_count(&request->going, actor->db, viewer, id, RC_ADMIN));
    if (request->forks && request->mode == RC_FORKS_REFUSE)
        return rc_err(actor->pool, RC_E_ARG, "Cannot delete `%s` it still contains attached forks",
                      request->repo->name);
    return find_doomed(&deletion->doomed, actor->db, request->repo, viewer,
                       request->mode == RC_FORKS_DELETE, actor->pool);
}

static bool same(const apr_array_header_t *a, const apr_array_header_t *b)
{
    int i;

    for (i = 0; i < a->nelts && i < b->nelts; i++)
        if (APR_ARRAY_IDX(a, i, rc_named_t).id != APR_ARRAY_IDX(b, i, rc_named_t).id ||
            strcmp(APR_ARRAY_IDX(a, i, rc_named_t).name, APR_ARRAY_IDX(b, i, rc_named_t).name))
            return false;
    return a->nelts == b->nelts;
}

/* Locks the repositories that exist on the disk. */
static rc_err_t *lock_doomed(rc_locks_t *locks, rc_actor_t *actor, void *baton)
{
    const deletion_t *deletion = baton;
    bool there;
    int i;

    for (i = 0; i < deletion->doomed->nelts; i++) {
        const rc_named_t *repo = &APR_ARRAY_IDX(deletion->doomed, i, rc_named_t);

        RC_TRY(rc_repo_on_disk(&there, actor->env, actor->db, repo->name, locks->pool));
        if (there)
            RC_TRY(rc_repo_lock(locks, actor->env, actor->db, repo->id, repo->name));
    }
    return NULL;
}

/* Returns the name of the directory after the deletion; rc_repo_part_usable rejects such names. */
static const char *removed_name(const char *name, apr_pool_t *pool)
{
    const char *parent = rc_repo_name_parent(name, pool);
    const char *last = rc_repo_name_removed(RC_REMOVED_REPO, rc_repo_name_last(name), pool);

    return parent ? apr_pstrcat(pool, parent, "/", last, NULL) : last;
}

/* Deletes the rows and renames the directories out of the way. */
static rc_err_t *delete_all(rc_actor_t *actor, const apr_array_header_t *doomed,
                            rc_disk_txn_t *disk)
{
    int i;

    for (i = 0; i < doomed->nelts; i++) {
        const rc_named_t *gone = &APR_ARRAY_IDX(doomed, i, rc_named_t);
        const char *path = rc_env_repo_path(actor->env, gone->name, actor->pool);
        rc_repo_t repo = {.id = gone->id, .name = gone->name};

        RC_TRY(rc_actor_journal(actor, &repo, "user_deleted_repo", NULL));
        RC_TRY(rc_store_repo_delete(actor->db, gone->id));
        if (rc_fs_exists(path))
            rc_disk_txn_add(
                disk, path,
                rc_env_repo_path(actor->env, removed_name(gone->name, actor->pool), actor->pool));
    }
    return rc_disk_txn_apply(disk, actor->db);
}

static rc_err_t *delete_in_txn(rc_actor_t *actor, void *baton)
{
    deletion_t *deletion = baton, now = *deletion;

    RC_TRY(plan(actor, &now));
    if (!same(deletion->doomed, now.doomed))
        return rc_err_failed(actor->pool, "the repository or its forks changed meanwhile");
    return delete_all(actor, now.doomed, now.disk);
}

rc_err_t *rc_repo_delete(rc_actor_t *actor, rc_repo_deletion_t *request)
{
    deletion_t deletion = {.request = request, .disk = rc_disk_txn_begin(actor->env, actor->pool)};
    rc_locks_t locks;
    rc_err_t *err;
    int i;

    RC_TRY(plan(actor, &deletion));
    RC_TRY(rc_actor_lock(&locks, actor, lock_doomed, &deletion));
    err = rc_actor_txn(actor, delete_in_txn, &deletion);
    rc_disk_txn_end(deletion.disk, !err);
    for (i = 0; !err && i < deletion.doomed->nelts; i++)
        rc_actor_forget(actor, APR_ARRAY_IDX(deletion.doomed, i, rc_named_t).name);
    return err;
}
