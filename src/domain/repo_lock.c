// SPDX-License-Identifier: Apache-2.0
/*
 * Locks repositories and groups on the disk, so that each has one writer at a time. Nothing here
 * waits for a lock: see rc_locks_t and rc_actor_lock.
 *
 * A writer that renames, deletes, pulls into or strips a repository holds an exclusive lock on its
 * directory, acquired before any write transaction, and shared locks on the directories of its
 * groups. A push holds a shared lock on the repository, because git lets several pushes work; so
 * does maintenance, which stops when somebody waits for the lock. A writer that renames a group
 * holds an exclusive lock on the group's directory. So the path of a repository cannot change while
 * its lock is held.
 *
 * When several machines work on the repositories, their locks hold between these (env_lock.h).
 */
#include "domain/repo.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "store/group.h"
#include "domain/actor.h"
#include "domain/disk_transaction.h"
#include "store/repo_change.h"
#include "env_lock.h"

#define TRIES 200 /* to find a repository that a process may just be moving */
#define PAUSE apr_time_from_msec(10)

/* Returns the error for a lock that could not be acquired: the path is missing, or the lock has
 * another holder. */
static rc_err_t *not_locked(rc_locks_t *locks, const char *path, bool share)
{
    if (!rc_fs_exists(path))
        return rc_err_failed(locks->pool, "%s is missing", path);
    locks->busy = path;
    locks->share = share;
    return rc_err_failed(locks->pool, "another writer has locked %s", path);
}

/* Acquires shared locks on the directories of the groups of @a name, the outermost first; all
 * writers use this order. */
static rc_err_t *share_groups(rc_locks_t *locks, const rc_env_t *env, const char *name)
{
    const char *slash = name;
    int fd;

    while ((slash = strchr(slash, '/'))) {
        const char *group = apr_pstrmemdup(locks->pool, name, (apr_size_t)(slash++ - name));
        const char *path = rc_env_repo_path(env, group, locks->pool);

        RC_TRY(rc_env_lock(&fd, &locks->life, env, path, true, locks->pool));
        if (fd < 0)
            return not_locked(locks, path, true);
    }
    return NULL;
}

/* A crash may have left the repository elsewhere. So unfinished changes are recovered first;
 * retries also cover a process that is just dying. */
rc_err_t *rc_repo_on_disk(bool *there, rc_env_t *env, rc_db_t *db, const char *name,
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
        RC_TRY(rc_disk_txn_settle(&busy, env, db, scratch));
    }
    apr_pool_destroy(scratch);
    return NULL;
}

/* Waits for a rename that is under way: the disk is changed before the database. */
static rc_err_t *settled_name(const char **now, rc_env_t *env, const rc_repo_t *repo,
                              apr_pool_t *pool)
{
    rc_err_t *err;
    rc_db_t *db;
    bool there;

    RC_TRY(rc_db_acquire(&db, env->db_pool, pool));
    err = rc_repo_on_disk(&there, env, db, repo->name, pool);
    if (!err)
        err = rc_store_repo_name(now, db, repo->id, pool);
    rc_db_release(db);
    return err;
}

const rc_err_t *rc_repo_explain(const rc_err_t *err, rc_env_t *env, const rc_repo_t *repo,
                                apr_pool_t *pool)
{
    rc_err_t *gone;
    const char *now;

    if (err->kind != RC_E_INTERNAL || settled_name(&now, env, repo, pool) ||
        (now && !strcmp(now, repo->name)))
        return err;
    gone = rc_err(pool, RC_E_NOTFOUND, "Repository `%s` has gone", repo->name);
    gone->detail = rc_err_log_text(err, pool);
    return gone;
}

typedef struct naming_t {
    const rc_repo_t *repo;
    const char *now;
} naming_t;

static rc_err_t *find_name(rc_actor_t *actor, void *baton)
{
    naming_t *naming = baton;

    return rc_store_repo_name(&naming->now, actor->db, naming->repo->id, actor->pool);
}

rc_err_t *rc_actor_check_name(rc_actor_t *actor, const rc_repo_t *repo)
{
    naming_t naming = {repo, NULL};
    rc_err_t *err = rc_actor_ask(actor, find_name, &naming);

    rc_actor_close(actor);
    if (err)
        return err;
    if (naming.now && !strcmp(naming.now, repo->name))
        return NULL;
    return rc_err(actor->pool, RC_E_NOTFOUND, "Repository `%s` has gone", repo->name);
}

static rc_err_t *lock_one(rc_locks_t *locks, rc_env_t *env, rc_db_t *db, const rc_named_t *repo,
                          bool share)
{
    const char *name = repo->name;
    const char *path = rc_env_repo_path(env, name, locks->pool), *now;
    bool there;

    RC_TRY(rc_repo_on_disk(&there, env, db, name, locks->pool));
    RC_TRY(share_groups(locks, env, name));
    RC_TRY(rc_env_lock(&locks->fd, &locks->life, env, path, share, locks->pool));
    if (locks->fd < 0)
        return not_locked(locks, path, share);
    RC_TRY(rc_store_repo_name(&now, db, repo->id, locks->pool));
    if (!now || strcmp(now, name))
        return rc_err_failed(locks->pool, "%s was renamed or deleted meanwhile", name);
    return NULL;
}

rc_err_t *rc_repo_lock(rc_locks_t *locks, rc_env_t *env, rc_db_t *db, apr_int64_t repo_id,
                       const char *name)
{
    return lock_one(locks, env, db, &(rc_named_t){repo_id, name}, false);
}

rc_err_t *rc_repo_share(rc_locks_t *locks, rc_env_t *env, rc_db_t *db, apr_int64_t repo_id,
                        const char *name)
{
    return lock_one(locks, env, db, &(rc_named_t){repo_id, name}, true);
}

/* Checks that no repository below the group is locked. A child that outlived its process still
 * holds the lock of its repository, without those of the groups. */
static rc_err_t *check_no_writer(rc_locks_t *locks, const rc_env_t *env,
                                 const apr_array_header_t *repos)
{
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    int i, fd;

    apr_pool_create(&scratch, locks->pool);
    for (i = 0; i < repos->nelts && !err; i++) {
        const char *path =
            rc_env_repo_path(env, APR_ARRAY_IDX(repos, i, const char *), locks->pool);

        apr_pool_clear(scratch);
        err = rc_err_copy(rc_env_lock(&fd, &locks->life, env, path, false, scratch), locks->pool);
        if (!err && fd < 0 && rc_fs_exists(path))
            err = not_locked(locks, path, false);
    }
    apr_pool_destroy(scratch);
    return err;
}

rc_err_t *rc_repo_group_lock(rc_locks_t *locks, rc_env_t *env, rc_db_t *db,
                             const rc_repo_group_t *group)
{
    const char *path = rc_env_repo_path(env, group->name, locks->pool);
    apr_array_header_t *repos;
    int fd;

    RC_TRY(share_groups(locks, env, group->name));
    RC_TRY(rc_env_lock(&fd, &locks->life, env, path, false, locks->pool));
    if (fd < 0)
        return not_locked(locks, path, false);
    RC_TRY(rc_store_tree_repos(&repos, db, group->id, locks->pool));
    return check_no_writer(locks, env, repos);
}
