// SPDX-License-Identifier: Apache-2.0
/*
 * Maintains one repository, for the API and rcapi-admin.
 */
#include "maintenance_work.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/time.h"

#define PATIENCE apr_time_from_sec(60) /* for another maintenance */
#define PAUSE    apr_time_from_msec(100)
#define LONGEST  apr_time_from_sec(6 * 3600)
#define NICE     10

rc_err_t *rc_maintenance_place(bool *taken, const rc_env_t *env, apr_pool_t *pool)
{
    return rc_fs_take_place(taken, env->places_dir, "maintenance", 1, pool);
}

/* Returns whether a writer waits for the lock of the repository, or of a group above it; or may
 * have it, because the lock was lost. */
static bool is_wanted(const rc_maintenance_run_t *run)
{
    const rc_env_t *env = run->env;
    apr_pool_t *scratch;
    char *path, *slash;
    bool wanted;

    apr_pool_create(&scratch, NULL);
    path = apr_pstrdup(scratch, rc_env_repo_path(env, run->request->repo->name, scratch));
    wanted = rc_db_locks_hold(env->locks, run->life, scratch) != NULL;
    while (!wanted && strlen(path) > strlen(env->config->repo_root)) {
        wanted = rc_fs_is_marked(env->waiting_file, path);
        if ((slash = strrchr(path, '/')))
            *slash = '\0';
    }
    apr_pool_destroy(scratch);
    return wanted;
}

static bool go_on(void *baton)
{
    rc_maintenance_run_t *run = baton;

    run->yielded = is_wanted(run);
    return !run->yielded && (!run->go_on || run->go_on(run->baton));
}

static void show(void *baton, const char *action)
{
    const rc_maintenance_t *request = ((rc_maintenance_run_t *)baton)->request;

    if (request->progress)
        request->progress(request->baton, action);
}

rc_err_t *rc_maintenance_run(apr_array_header_t **actions, rc_maintenance_run_t *run,
                             apr_pool_t *pool)
{
    const rc_repo_t *repo = run->request->repo;
    const rc_maintain_t options = {.lock = run->lock,
                                   .deadline = rc_clock() + LONGEST,
                                   .nice = NICE,
                                   .prune_now = run->request->prune_now,
                                   .go_on = go_on,
                                   .progress = show,
                                   .baton = run};

    return rc_vcs_maintain(actions, repo->type, rc_env_repo_path(run->env, repo->name, pool),
                           &options, pool);
}

/* --- the use case --- */

typedef struct maintaining_t {
    rc_maintenance_run_t run;
    apr_array_header_t *actions;
} maintaining_t;

static bool is_client_there(void *baton)
{
    const rc_work_t *work = baton;

    return !work->gone || !work->gone(work->baton);
}

static rc_err_t *await_turn(rc_actor_t *actor, void *baton)
{
    apr_time_t until = rc_clock() + PATIENCE;
    bool taken;

    (void)baton;
    for (;;) {
        RC_TRY(rc_maintenance_place(&taken, actor->env, actor->pool));
        if (taken)
            return NULL;
        if (!is_client_there(&actor->work))
            return rc_err(actor->pool, RC_E_GONE, "The client has gone");
        if (rc_clock() >= until)
            return rc_err(actor->pool, RC_E_BUSY,
                          "Another repository is being maintained; try again later");
        apr_sleep(PAUSE);
    }
}

static rc_err_t *work(rc_actor_t *actor, void *baton)
{
    maintaining_t *the = baton;
    rc_err_t *err = rc_maintenance_run(&the->actions, &the->run, actor->pool);

    if (err && the->run.yielded)
        return rc_err(actor->pool, RC_E_BUSY,
                      "The maintenance of `%s` stopped for another change; try again later",
                      the->run.request->repo->name);
    return err;
}

/* What maintenance does is also the progress of the actor's work. */
static void tell_action(void *baton, const char *action)
{
    const rc_work_t *work = baton;

    if (work->progress)
        work->progress(work->baton, action);
}

static rc_err_t *check_maintainer(rc_actor_t *actor, void *baton)
{
    const rc_repo_t *repo = *(const rc_repo_t **)baton;

    return rc_actor_require_on(actor, RC_KIND_REPO, repo->id, RC_ADMIN);
}

rc_err_t *rc_repo_maintain_later(rc_actor_t *actor, const rc_repo_t *repo, rc_task_order_t *order)
{
    RC_TRY(rc_actor_require(actor, repo->level, RC_ADMIN));
    return rc_task_add(actor, order, check_maintainer, &repo);
}

rc_err_t *rc_repo_maintain(apr_array_header_t **actions, rc_actor_t *actor,
                           const rc_maintenance_t *request)
{
    rc_maintenance_t told = *request;
    maintaining_t the = {
        .run = {actor->env, &told, .go_on = is_client_there, .baton = &actor->work}};
    rc_locks_t locks;
    rc_err_t *err;

    RC_TRY(rc_actor_require(actor, request->repo->level, RC_ADMIN));
    if (!told.progress) {
        told.progress = tell_action;
        told.baton = &actor->work;
    }
    RC_TRY(rc_actor_wait(actor, await_turn, NULL));
    if (request->prune_now)
        RC_TRY(rc_actor_lock_repo(&locks, actor, request->repo));
    else
        RC_TRY(rc_actor_share_repo(&locks, actor, request->repo));
    the.run.lock = locks.fd;
    the.run.life = locks.life;
    err = rc_actor_wait(actor, work, &the);
    *actions = the.actions;
    return err;
}
