// SPDX-License-Identifier: Apache-2.0
/*
 * Limits the use cases that wait: for a remote, for the copy of a repository, for a lock. Each
 * takes a place first, of which a process and a user have a limited number, and releases the
 * database connection while it waits. So neither slow remotes nor locked repositories stop the
 * server.
 */
#include "domain/actor.h"

#include <apr_strings.h>

#include "base/fs.h"
#include "domain/repo.h"
#include "base/time.h"
#include "env_lock.h"

#define PATIENCE apr_time_from_sec(30)  /* limit of waiting for a lock (contract 06 §6) */
#define PAUSE    apr_time_from_msec(20) /* between two tries */

static rc_err_t *no_place(const rc_actor_t *actor)
{
    int max = actor->env->config->remote_user_max;
    rc_err_t *err = rc_err(actor->pool, RC_E_BUSY,
                           "You have %d calls that wait for others, which is all you may have; try "
                           "again in a moment",
                           max);

    err->detail = apr_psprintf(actor->pool, "user %s has all of their %d places (RcapiRemoteMax)",
                               actor->caller->username, max);
    return err;
}

rc_err_t *rc_actor_place(rc_actor_t *actor)
{
    const rc_env_t *env = actor->env;
    bool taken;

    if (actor->has_place)
        return NULL;
    RC_TRY(rc_limit_take(env->remotes, 1, actor->pool));
    RC_TRY(rc_fs_take_place(&taken, env->places_dir,
                            apr_psprintf(actor->pool, "%" APR_INT64_T_FMT, actor->caller->user_id),
                            env->config->remote_user_max, actor->pool));
    actor->has_place = taken;
    return taken ? NULL : no_place(actor);
}

rc_err_t *rc_actor_wait(rc_actor_t *actor, rc_err_t *(*fn)(rc_actor_t *actor, void *baton),
                        void *baton)
{
    rc_err_t *err;

    RC_TRY(rc_actor_place(actor));
    err = rc_actor_away(actor, fn, baton);
    rc_work_set_time(&actor->work, actor->env->config->range_time); /* waiting does not count */
    return err;
}

typedef struct wait_t {
    const char *path;
    bool share; /* a shared lock is wanted: other holders of one are no hindrance */
    apr_time_t until;
} wait_t;

/* Waits until the lock on the path is free, the path is gone, the time is over, or the client has
 * gone. */
static rc_err_t *await_path(rc_actor_t *actor, void *baton)
{
    const wait_t *wait = baton;
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    int fd = -1, life = 0;

    apr_pool_create(&scratch, actor->pool);
    while (!err && fd < 0 && rc_fs_exists(wait->path) && rc_clock() < wait->until) {
        apr_pool_clear(scratch);
        apr_sleep(PAUSE);
        err = rc_env_lock(&fd, &life, actor->env, wait->path, wait->share, scratch);
        if (!err && actor->work.gone && actor->work.gone(actor->work.baton))
            err = rc_err(actor->pool, RC_E_GONE, "The client has gone");
    }
    if (err && err->kind != RC_E_GONE) /* the next try reports it again, in a pool that remains */
        err = NULL;
    apr_pool_destroy(scratch);
    return err;
}

/* Maintenance holds the lock for long; it stops when it sees the mark. */
static rc_err_t *mark_and_wait(rc_actor_t *actor, wait_t *wait, apr_pool_t *marks)
{
    if (!wait->share)
        RC_TRY(rc_fs_mark(actor->env->waiting_file, wait->path, marks));
    return rc_actor_wait(actor, await_path, wait);
}

rc_err_t *rc_actor_lock(rc_locks_t *locks, rc_actor_t *actor,
                        rc_err_t *(*take)(rc_locks_t *locks, rc_actor_t *actor, void *baton),
                        void *baton)
{
    wait_t wait = {.until = rc_clock() + PATIENCE};
    apr_pool_t *marks; /* they stay until the lock is held: somebody else may share it first */
    rc_err_t *err;

    apr_pool_create(&marks, actor->pool);
    for (;;) {
        *locks = (rc_locks_t){.fd = -1};
        apr_pool_create(&locks->pool, actor->pool);
        err = take(locks, actor, baton);
        actor->locks = locks->life;
        if (!err || !locks->busy || rc_clock() >= wait.until)
            break;
        wait.path = apr_pstrdup(actor->pool, locks->busy);
        wait.share = locks->share;
        apr_pool_destroy(locks->pool);
        if ((err = mark_and_wait(actor, &wait, marks)))
            break;
    }
    apr_pool_destroy(marks);
    return err;
}

static rc_err_t *lock_repo(rc_locks_t *locks, rc_actor_t *actor, void *baton)
{
    const rc_repo_t *repo = *(const rc_repo_t **)baton;

    return rc_repo_lock(locks, actor->env, actor->db, repo->id, repo->name);
}

static rc_err_t *share_repo(rc_locks_t *locks, rc_actor_t *actor, void *baton)
{
    const rc_repo_t *repo = *(const rc_repo_t **)baton;

    return rc_repo_share(locks, actor->env, actor->db, repo->id, repo->name);
}

rc_err_t *rc_actor_share_repo(rc_locks_t *locks, rc_actor_t *actor, const rc_repo_t *repo)
{
    return rc_actor_lock(locks, actor, share_repo, &repo);
}

rc_err_t *rc_actor_lock_repo(rc_locks_t *locks, rc_actor_t *actor, const rc_repo_t *repo)
{
    return rc_actor_lock(locks, actor, lock_repo, &repo);
}
