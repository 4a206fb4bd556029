// SPDX-License-Identifier: Apache-2.0
/*
 * Pulling: one writer at a time on a repository, the remote asked by a child process.
 */
#include "rc_repo_model.h"

#include "rc_fs.h"
#include "rc_moves.h"

#define PATIENCE apr_time_from_sec(60) /* for other writers of the same repository */

rc_err_t *rc_model_repo_pull(rc_env_t *env, const rc_repo_t *repo, apr_pool_t *pool)
{
    const char *path = rc_env_repo_path(env, repo->name, pool);
    rc_remote_policy_t policy = env->config->remote;
    const char *uri;
    bool locked;

    if (!repo->clone_uri)
        return rc_err_failed(pool, "%s has no clone_uri", repo->name);
    RC_TRY(rc_model_clone_uri(&uri, env, repo, pool));
    RC_TRY(rc_fs_lock(&locked, path, PATIENCE, pool));
    if (!locked)
        return rc_err_failed(pool, "%s is missing, or somebody else writes to it", path);
    RC_TRY(rc_work_dir(&policy.work_dir, env, pool));
    return rc_remote_fetch(&policy, path, uri, false, pool);
}
