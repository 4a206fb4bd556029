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

/* An import keeps some time before its rows are there, and holds no lock until then. */
#define LEAST_AGE apr_time_from_sec(86400)

static rc_err_t *is_needed(bool *is, rc_db_t *db, const rc_repo_t *repo, const char *id,
                           apr_pool_t *pool)
{
    apr_array_header_t *pulls;

    RC_TRY(rc_store_pulls_keeping(&pulls, db, repo->id, id, id, pool));
    *is = pulls->nelts > 0;
    return NULL;
}

/* Lists the ids that have been kept for some time, and that no pull request needs. */
static rc_err_t *find_unneeded(apr_array_header_t **ids, rc_env_t *env, rc_db_t *db,
                               const rc_repo_t *repo, const char *work_dir, apr_pool_t *pool)
{
    const char *path = rc_env_repo_path(env, repo->name, pool);
    apr_time_t before = apr_time_now() - LEAST_AGE;
    apr_array_header_t *old;
    bool needed;
    int i;

    *ids = apr_array_make(pool, 4, sizeof(const char *));
    RC_TRY(rc_vcs_kept_before(&old, repo->type, path, before, work_dir, pool));
    for (i = 0; i < old->nelts; i++) {
        RC_TRY(is_needed(&needed, db, repo, APR_ARRAY_IDX(old, i, const char *), pool));
        if (!needed)
            APR_ARRAY_PUSH(*ids, const char *) = APR_ARRAY_IDX(old, i, const char *);
    }
    return NULL;
}

/* Who keeps a commit shares the lock: a pull request until its row is stored, an import until the
 * commit counts as new. So what is to go is looked for again with the lock. */
static rc_err_t *unkeep_locked(rc_locks_t *locks, rc_env_t *env, rc_db_t *db, const rc_repo_t *repo,
                               const char *work_dir)
{
    const char *path = rc_env_repo_path(env, repo->name, locks->pool), *id;
    apr_array_header_t *ids;
    int i;

    RC_TRY(rc_repo_lock(locks, env, db, repo->id, repo->name));
    RC_TRY(find_unneeded(&ids, env, db, repo, work_dir, locks->pool));
    for (i = 0; i < ids->nelts; i++) {
        id = APR_ARRAY_IDX(ids, i, const char *);
        RC_TRY(rc_vcs_unkeep(repo->type, path, id, locks->fd, locks->pool));
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "%s kept commit %s for no pull request: no longer",
               repo->name, id);
    }
    return NULL;
}

rc_err_t *rc_check_unkeep(rc_env_t *env, rc_db_t *db, const rc_repo_t *repo, apr_pool_t *pool)
{
    const rc_capabilities_t *can = rc_vcs_capabilities(repo->type);
    const char *path = rc_env_repo_path(env, repo->name, pool), *work_dir;
    rc_locks_t locks = {.fd = -1};
    apr_array_header_t *ids;
    rc_err_t *err;

    if (!can || !can->merges || !rc_could_be_repository(path, pool))
        return NULL;
    RC_TRY(rc_work_dir(&work_dir, env, pool));
    RC_TRY(find_unneeded(&ids, env, db, repo, work_dir, pool));
    if (!ids->nelts)
        return NULL;
    apr_pool_create(&locks.pool, pool);
    err = rc_err_copy(unkeep_locked(&locks, env, db, repo, work_dir), pool);
    apr_pool_destroy(locks.pool);
    return err;
}
