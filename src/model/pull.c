// SPDX-License-Identifier: Apache-2.0
/*
 * One writer at a time on a repository; pulling and stripping, where the writing is done by git in
 * a child process.
 *
 * Whoever renames, deletes, pulls into or strips a repository holds its lock, taken before any
 * write transaction, and shares the folders of the groups it is in; whoever renames a group holds
 * the lock of its folder. So a path stays that of its repository as long as one holds the lock.
 */
#include "rc_repo_model.h"

#include <string.h>

#include <apr_strings.h>

#include "rc_fs.h"
#include "rc_group.h"
#include "rc_moves.h"
#include "rc_repo_change.h"
#include "rc_repo_group_model.h"

#define PATIENCE apr_time_from_sec(60) /* for other writers of the same repository or group */
#define TRIES    200                   /* to find what may have been moved */
#define PAUSE    apr_time_from_msec(10)

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

/* Is the repository where it should be? A crash a moment ago may have left it elsewhere: what it
 * left is put in order first, also that of a process that is just dying. */
rc_err_t *rc_model_repo_on_disk(bool *there, rc_env_t *env, rc_db_t *db, const char *name,
                                apr_pool_t *pool)
{
    const char *path = rc_env_repo_path(env, name, pool);
    apr_pool_t *scratch;
    bool busy = true;
    int tries;

    apr_pool_create(&scratch, pool);
    for (tries = 0; !(*there = rc_fs_exists(path)) && busy && tries < TRIES; tries++) {
        apr_pool_clear(scratch);
        if (tries)
            apr_sleep(PAUSE);
        RC_TRY(rc_moves_settle(&busy, env, db, scratch));
    }
    apr_pool_destroy(scratch);
    return NULL;
}

static rc_err_t *lock_repo(int *fd, rc_env_t *env, rc_db_t *db, apr_int64_t repo_id,
                           const char *name, apr_pool_t *pool)
{
    const char *path = rc_env_repo_path(env, name, pool), *now;
    bool there;

    *fd = -1;
    RC_TRY(rc_model_repo_on_disk(&there, env, db, name, pool));
    if (there) {
        RC_TRY(share_groups(env, name, pool));
        RC_TRY(rc_fs_lock_fd(fd, path, PATIENCE, pool));
    }
    if (*fd < 0)
        return rc_err_failed(pool, "%s is missing, or somebody else writes to it", path);
    RC_TRY(rc_store_repo_name(&now, db, repo_id, pool));
    if (!now || strcmp(now, name))
        return rc_err_failed(pool, "%s was renamed or deleted meanwhile", name);
    return NULL;
}

rc_err_t *rc_model_repo_lock(rc_env_t *env, rc_db_t *db, apr_int64_t repo_id, const char *name,
                             apr_pool_t *pool)
{
    int fd;

    return lock_repo(&fd, env, db, repo_id, name, pool);
}

/* A git that outlived the process that ran it still has its repository's lock. */
static rc_err_t *await_git(const rc_env_t *env, const apr_array_header_t *repos, apr_pool_t *pool)
{
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    bool locked;
    int i;

    apr_pool_create(&scratch, pool);
    for (i = 0; i < repos->nelts && !err; i++) {
        const char *name = APR_ARRAY_IDX(repos, i, const char *);
        const char *path = rc_env_repo_path(env, name, pool);

        apr_pool_clear(scratch);
        if (rc_fs_lock(&locked, path, PATIENCE, scratch) || (!locked && rc_fs_exists(path)))
            err = rc_err_failed(pool, "somebody else writes to %s", name);
    }
    apr_pool_destroy(scratch);
    return err;
}

rc_err_t *rc_model_repo_group_lock(rc_env_t *env, rc_db_t *db, const rc_repo_group_t *group,
                                   apr_pool_t *pool)
{
    apr_array_header_t *repos;
    bool locked;

    RC_TRY(share_groups(env, group->name, pool));
    RC_TRY(rc_fs_lock(&locked, rc_env_repo_path(env, group->name, pool), PATIENCE, pool));
    if (!locked)
        return rc_err_failed(pool, "%s is missing, or somebody works in it", group->name);
    RC_TRY(rc_store_tree_repos(&repos, db, group->id, pool));
    return await_git(env, repos, pool);
}

rc_err_t *rc_model_pull_begin(rc_pull_t *pull, rc_env_t *env, rc_db_t *db, const rc_repo_t *repo,
                              apr_pool_t *pool)
{
    if (!repo->clone_uri)
        return rc_err_failed(pool, "%s has no clone_uri", repo->name);
    pull->env = env;
    pull->path = rc_env_repo_path(env, repo->name, pool);
    pull->policy = env->config->remote;
    RC_TRY(rc_model_clone_uri(&pull->uri, env, repo, pool));
    return lock_repo(&pull->policy.lock, env, db, repo->id, repo->name, pool);
}

rc_err_t *rc_model_pull(rc_pull_t *pull, apr_pool_t *pool)
{
    RC_TRY(rc_work_dir(&pull->policy.work_dir, pull->env, pool));
    return rc_remote_fetch(&pull->policy, pull->path, pull->uri, false, pool);
}

rc_err_t *rc_model_repo_strip(rc_env_t *env, rc_db_t *db, const rc_repo_t *repo, const char *branch,
                              const char *rev, apr_pool_t *pool)
{
    rc_vcs_t *vcs;
    int lock;

    RC_TRY(lock_repo(&lock, env, db, repo->id, repo->name, pool));
    RC_TRY(rc_model_repo_open(&vcs, env, repo, NULL, pool));
    return rc_vcs_strip(vcs, branch, rev, lock, pool);
}
