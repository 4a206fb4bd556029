// SPDX-License-Identifier: Apache-2.0
/*
 * Removes what repositories keep for no pull request: a process was killed between keeping the
 * commits and storing the row, or an import failed.
 */
#include "check.h"

#include "base/log.h"
#include "domain/disk_transaction.h"
#include "domain/repo.h"
#include "store/pull_request.h"
#include "vcs/library.h"
#include "vcs/merge.h"

/* An import keeps without a lock, some time before its rows are there. */
#define LEAST_AGE apr_time_from_sec(86400)

static rc_err_t *is_needed(bool *is, rc_db_t *db, const rc_repo_t *repo, const char *id,
                           apr_pool_t *pool)
{
    apr_array_header_t *pulls;

    RC_TRY(rc_store_pulls_keeping(&pulls, db, repo->id, id, id, pool));
    *is = pulls->nelts > 0;
    return NULL;
}

/* Who keeps a commit has a shared lock until the row is stored. */
static rc_err_t *unkeep_locked(rc_locks_t *locks, rc_env_t *env, rc_db_t *db, const rc_repo_t *repo,
                               const char *id, apr_pool_t *pool)
{
    bool needed;

    RC_TRY(rc_repo_lock(locks, env, db, repo->id, repo->name));
    RC_TRY(is_needed(&needed, db, repo, id, pool));
    if (needed)
        return NULL;
    RC_TRY(rc_vcs_unkeep(repo->type, rc_env_repo_path(env, repo->name, pool), id, locks->fd, pool));
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s kept commit %s for no pull request: no longer",
           repo->name, id);
    return NULL;
}

static rc_err_t *unkeep_one(rc_env_t *env, rc_db_t *db, const rc_repo_t *repo, const char *id,
                            apr_pool_t *pool)
{
    rc_locks_t locks = {.fd = -1};
    rc_err_t *err;
    bool needed;

    RC_TRY(is_needed(&needed, db, repo, id, pool));
    if (needed)
        return NULL;
    apr_pool_create(&locks.pool, pool);
    err = rc_err_copy(unkeep_locked(&locks, env, db, repo, id, pool), pool);
    apr_pool_destroy(locks.pool);
    return err;
}

rc_err_t *rc_check_unkeep(rc_env_t *env, rc_db_t *db, const rc_repo_t *repo, apr_pool_t *pool)
{
    const rc_capabilities_t *can = rc_vcs_capabilities(repo->type);
    const char *path = rc_env_repo_path(env, repo->name, pool), *work_dir;
    apr_time_t before = apr_time_now() - LEAST_AGE;
    apr_array_header_t *ids;
    int i;

    if (!can || !can->merges || !rc_could_be_repository(path, pool))
        return NULL;
    RC_TRY(rc_work_dir(&work_dir, env, pool));
    RC_TRY(rc_vcs_kept_before(&ids, repo->type, path, before, work_dir, pool));
    for (i = 0; i < ids->nelts; i++)
        RC_TRY(unkeep_one(env, db, repo, APR_ARRAY_IDX(ids, i, const char *), pool));
    return NULL;
}
