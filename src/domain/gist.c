// SPDX-License-Identifier: Apache-2.0
/*
 * Where gists live on the disk.
 */
#include "domain/gist.h"

#include <apr_strings.h>

#include "base/fs.h"

const char *rc_model_gist_path(const rc_env_t *env, const char *access_id, apr_pool_t *pool)
{
    return apr_pstrcat(pool, env->config->repo_root, "/.rc_gist_store/", access_id, NULL);
}

rc_err_t *rc_model_gist_open(rc_vcs_t **vcs, const char **id, rc_env_t *env, const char *access_id,
                             rc_work_t *work, apr_pool_t *pool)
{
    rc_rev_t tip;

    RC_TRY(rc_vcs_open(vcs, env->vcs_pool, "git", rc_model_gist_path(env, access_id, pool), work,
                       pool));
    RC_TRY(rc_vcs_resolve(&tip, *vcs, NULL, pool));
    *id = tip.id;
    return NULL;
}

void rc_model_gist_remove(rc_disk_txn_t *moves, rc_env_t *env, const char *access_id,
                          const char *work, apr_pool_t *pool)
{
    const char *path = rc_model_gist_path(env, access_id, pool);

    if (!rc_fs_exists(path))
        return;
    rc_vcs_pool_forget(env->vcs_pool, path);
    rc_disk_txn_add(moves, path, apr_pstrcat(pool, work, "/gone-", access_id, NULL));
}
