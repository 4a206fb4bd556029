// SPDX-License-Identifier: Apache-2.0
/*
 * One writer at a time on a repository, and pulling: the remote is asked by a child process.
 *
 * Whoever renames, deletes, pulls into or strips a repository holds its lock, taken before any
 * write transaction, and shares the folders of the groups it is in; whoever renames a group holds
 * the lock of its folder. So a path stays that of its repository as long as one holds the lock.
 */
#include "rc_repo_model.h"

#include <string.h>

#include <apr_strings.h>

#include "rc_fs.h"
#include "rc_moves.h"
#include "rc_repo_change.h"
#include "rc_repo_group_model.h"

#define PATIENCE apr_time_from_sec(60) /* for other writers of the same repository or group */

/* The folders of the groups that @a name is in, outermost first, as everybody takes them. */
static rc_err_t *share_groups(const rc_env_t *env, const char *name, apr_pool_t *pool)
{
    const char *slash = name;
    bool locked;

    while ((slash = strchr(slash, '/'))) {
        const char *group = apr_pstrmemdup(pool, name, (apr_size_t)(slash++ - name));

        RC_TRY(rc_fs_share(&locked, rc_env_repo_path(env, group, pool), PATIENCE, pool));
        if (!locked)
            return rc_err_failed(pool, "%s is missing, or somebody renames it", group);
    }
    return NULL;
}

rc_err_t *rc_model_repo_lock(rc_env_t *env, rc_db_t *db, apr_int64_t repo_id, const char *name,
                             apr_pool_t *pool)
{
    const char *path = rc_env_repo_path(env, name, pool), *now;
    bool locked;

    RC_TRY(share_groups(env, name, pool));
    RC_TRY(rc_fs_lock(&locked, path, PATIENCE, pool));
    if (!locked)
        return rc_err_failed(pool, "%s is missing, or somebody else writes to it", path);
    RC_TRY(rc_store_repo_name(&now, db, repo_id, pool));
    if (!now || strcmp(now, name))
        return rc_err_failed(pool, "%s was renamed or deleted meanwhile", name);
    return NULL;
}

rc_err_t *rc_model_repo_group_lock(rc_env_t *env, const char *name, apr_pool_t *pool)
{
    const char *path = rc_env_repo_path(env, name, pool);
    bool locked;

    RC_TRY(share_groups(env, name, pool));
    RC_TRY(rc_fs_lock(&locked, path, PATIENCE, pool));
    return locked ? NULL
                  : rc_err_failed(pool, "%s is missing, or somebody works in the group", path);
}

rc_err_t *rc_model_repo_pull(rc_env_t *env, rc_db_t *db, const rc_repo_t *repo, apr_pool_t *pool)
{
    const char *path = rc_env_repo_path(env, repo->name, pool);
    rc_remote_policy_t policy = env->config->remote;
    const char *uri;

    if (!repo->clone_uri)
        return rc_err_failed(pool, "%s has no clone_uri", repo->name);
    RC_TRY(rc_model_clone_uri(&uri, env, repo, pool));
    RC_TRY(rc_model_repo_lock(env, db, repo->id, repo->name, pool));
    RC_TRY(rc_work_dir(&policy.work_dir, env, pool));
    return rc_remote_fetch(&policy, path, uri, false, pool);
}
