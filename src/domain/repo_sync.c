// SPDX-License-Identifier: Apache-2.0
/*
 * Pulls into and strips repositories, stores their last commit when it may have changed, and
 * rescans the repository root.
 */
#include "domain/repo_sync.h"

#include "base/log.h"
#include "db/memory.h"
#include "domain/disk_transaction.h"
#include "domain/last_changeset.h"
#include "domain/maintenance.h"
#include "domain/repo.h"
#include "domain/scan.h"
#include "store/pull_request.h"
#include "store/repo_change.h"
#include "vcs/merge.h"

/* --- the last commit --- */

typedef struct look_t {
    const rc_repo_t *repo;
    rc_work_t *work; /* limits of the reading; NULL: none */
    bool anew;       /* read even if the references did not move */
    rc_last_t last;
    const char *action, *what; /* for the journal; NULL: nothing */
    const rc_origin_t *origin; /* to be stored, too; or NULL */
} look_t;

static rc_err_t *look_at_repo(rc_actor_t *actor, void *baton)
{
    look_t *look = baton;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, look->repo, look->work, actor->pool));
    return look->anew ? rc_last_read(&look->last, vcs, actor->pool)
                      : rc_last_if_moved(&look->last, vcs, look->repo, actor->pool);
}

typedef struct storing_t {
    rc_actor_t *actor;
    const look_t *look;
} storing_t;

static rc_err_t *store(void *baton, rc_db_t *db)
{
    const storing_t *storing = baton;
    const look_t *look = storing->look;

    RC_TRY(rc_store_repo_set_last(db, look->repo, &look->last));
    if (look->origin)
        RC_TRY(rc_store_repo_set_origin(db, look->repo->id, look->origin));
    return look->action ? rc_actor_journal(storing->actor, look->repo, look->action, look->what)
                        : NULL;
}

/* Stores the last commit after a change, without limits, and what else @a look holds. The change
 * cannot be undone, so rights are not checked again. */
static rc_err_t *record_change(rc_actor_t *actor, look_t *look)
{
    storing_t storing = {actor, look};

    look->anew = true;
    RC_TRY(rc_actor_away(actor, look_at_repo, look));
    return rc_db_txn(actor->db, store, &storing);
}

/* The same with an entry in the journal. */
static rc_err_t *refresh_last(rc_actor_t *actor, const rc_repo_t *repo, const char *action,
                              const char *what)
{
    look_t the = {.repo = repo, .action = action, .what = what};

    return record_change(actor, &the);
}

static void log_failure(rc_log_level_t level, const rc_repo_t *repo, const rc_err_t *err,
                        apr_pool_t *pool)
{
    rc_log(level, err->cause, "last changeset of %s: %s", repo->name, rc_err_log_text(err, pool));
}

/* Reads and stores the last commit if the references differ from the stored state. */
static rc_err_t *look_if_moved(rc_last_t *last, rc_actor_t *actor, const rc_repo_t *repo)
{
    look_t the = {.repo = repo, .work = &actor->work};
    rc_err_t *err = rc_actor_away(actor, look_at_repo, &the);

    if (!actor->db)
        return err;
    if (!err && the.last.state)
        err = rc_last_keep(actor->db, repo, &the.last);
    if (err)
        log_failure(RC_LOG_WARNING, repo, err, actor->pool);
    *last = the.last;
    return NULL;
}

rc_err_t *rc_repo_look(rc_last_t *last, rc_actor_t *actor, const rc_repo_t *repo, bool anew)
{
    *last = (rc_last_t){NULL};
    if (rc_db_is_memory(actor->db))
        return rc_err(actor->pool, RC_E_MISS, "the last commit is to be stored");
    RC_TRY(rc_db_commit(actor->db));
    if (anew)
        RC_TRY(refresh_last(actor, repo, NULL, NULL));
    else
        RC_TRY(look_if_moved(last, actor, repo));
    return rc_db_begin_read(actor->db);
}

void rc_repo_notice(rc_actor_t *actor, const rc_repo_t *repo, rc_vcs_t *vcs)
{
    rc_last_t last;
    rc_err_t *err = rc_last_if_moved(&last, vcs, repo, actor->pool);

    if (!err && !last.state)
        return;
    if (!err && !actor->db)
        err = rc_actor_open(actor);
    if (!err)
        err = rc_last_keep(actor->db, repo, &last);
    if (err)
        log_failure(RC_LOG_INFO, repo, err, actor->pool);
}

rc_err_t *rc_repo_invalidate(rc_actor_t *actor, const rc_repo_t *repo)
{
    RC_TRY(rc_actor_require(actor, repo->level, RC_WRITE));
    rc_vcs_drop_cache(actor->env->vcs_pool, repo->type,
                      rc_env_repo_path(actor->env, repo->name, actor->pool), actor->pool);
    return refresh_last(actor, repo, NULL, NULL);
}

/* --- pull and strip --- */

/* Checks that the caller may still administer the repository: the lock or a remote may have taken
 * minutes. */
static rc_err_t *check_admin(rc_actor_t *actor, void *baton)
{
    const rc_repo_t *repo = *(const rc_repo_t **)baton;

    return rc_actor_require_on(actor, RC_KIND_REPO, repo->id, RC_ADMIN);
}

typedef struct pull_t {
    rc_actor_t *actor;
    const rc_repo_t *repo;
    rc_remote_policy_t policy;
    rc_origin_t origin;
    const char *path, *uri; /* uri: what the caller names, then what is fetched from */
} pull_t;

static rc_err_t *confirm_pull(void *baton)
{
    pull_t *pull = baton;

    return rc_actor_again(pull->actor, check_admin, &pull->repo);
}

static rc_err_t *begin_pull(pull_t *pull, rc_actor_t *actor, const rc_locks_t *locks,
                            const rc_repo_t *repo)
{
    if (!pull->uri && !repo->clone_uri)
        return rc_err_failed(actor->pool, "%s has no clone_uri", repo->name);
    pull->path = rc_env_repo_path(actor->env, repo->name, actor->pool);
    pull->policy = actor->env->config->remote;
    pull->policy.confirm = confirm_pull;
    pull->policy.confirm_baton = pull;
    pull->policy.lock = locks->fd;
    pull->policy.work = &actor->work;
    pull->policy.origin = &pull->origin;
    RC_TRY(rc_store_repo_origin(&pull->origin, actor->db, repo->id, actor->pool));
    return pull->uri ? NULL : rc_repo_clone_uri(&pull->uri, actor->env, repo, actor->pool);
}

/* Can take long; runs without a database connection. */
static rc_err_t *fetch(rc_actor_t *actor, void *baton)
{
    pull_t *pull = baton;

    RC_TRY(rc_work_dir(&pull->policy.work_dir, actor->env, actor->pool));
    return rc_vcs_fetch(pull->repo->type, &pull->policy, pull->path, pull->uri, false, actor->pool);
}

rc_err_t *rc_repo_pull(rc_actor_t *actor, const rc_repo_t *repo, const char *uri)
{
    pull_t pull = {.actor = actor, .repo = repo, .uri = uri};
    look_t look = {.repo = repo, .action = "push_remote", .origin = &pull.origin};
    rc_locks_t locks;

    RC_TRY(rc_actor_require(actor, repo->level, RC_ADMIN));
    RC_TRY(rc_actor_place(actor));
    RC_TRY(rc_actor_lock_repo(&locks, actor, repo));
    RC_TRY(begin_pull(&pull, actor, &locks, repo));
    RC_TRY(rc_actor_wait(actor, fetch, &pull));
    RC_TRY(record_change(actor, &look));
    rc_maintenance_later(actor->env, repo);
    return NULL;
}

static rc_err_t *check_pull(rc_actor_t *actor, void *baton)
{
    const pull_t *pull = baton;

    return rc_vcs_check_remote(pull->repo->type, &pull->policy, pull->uri, actor->pool);
}

rc_err_t *rc_repo_pull_later(rc_actor_t *actor, const rc_repo_t *repo, const char *uri,
                             rc_task_order_t *order)
{
    static const rc_locks_t none = {.fd = 0};
    pull_t pull = {.actor = actor, .repo = repo, .uri = uri};

    RC_TRY(rc_actor_require(actor, repo->level, RC_ADMIN));
    RC_TRY(begin_pull(&pull, actor, &none, repo));
    RC_TRY(rc_actor_wait(actor, check_pull, &pull));
    return rc_task_add(actor, order, check_admin, &pull.repo);
}

typedef struct stripping_t {
    const rc_strip_t *request;
    int lock;
    const char *id;            /* of the commit */
    const char *heads;         /* what pull requests have offered and still reaches it */
    apr_array_header_t *pulls; /* ids of the pull requests that keep it */
} stripping_t;

/* Can wait for other writers; runs without a database connection. */
static rc_err_t *strip(rc_actor_t *actor, void *baton)
{
    stripping_t *stripping = baton;
    const rc_strip_t *request = stripping->request;
    const char *dir, *path = rc_env_repo_path(actor->env, request->repo->name, actor->pool);
    rc_vcs_t *vcs;
    rc_rev_t rev;

    RC_TRY(rc_work_dir(&dir, actor->env, actor->pool));
    RC_TRY(rc_repo_open(&vcs, actor->env, request->repo, NULL, actor->pool));
    RC_TRY(rc_vcs_resolve(&rev, vcs, request->revision, actor->pool));
    stripping->id = rev.id ? rev.id : "";
    RC_TRY(
        rc_vcs_strip(vcs, request->branch, request->revision, stripping->lock, dir, actor->pool));
    return rc_vcs_keepers(&stripping->heads, request->repo->type, path, stripping->id, dir,
                          actor->pool);
}

static rc_err_t *find_keepers(rc_actor_t *actor, void *baton)
{
    stripping_t *stripping = baton;

    return rc_store_pulls_keeping(&stripping->pulls, actor->db, stripping->request->repo->id,
                                  stripping->heads, stripping->id, actor->pool);
}

rc_err_t *rc_repo_strip(apr_array_header_t **pulls, rc_actor_t *actor, const rc_strip_t *request)
{
    stripping_t stripping = {.request = request};
    const rc_repo_t *repo = request->repo;
    rc_locks_t locks;

    RC_TRY(rc_actor_require(actor, repo->level, RC_ADMIN));
    RC_TRY(rc_work_costly(&actor->work, actor->pool));
    RC_TRY(rc_actor_lock_repo(&locks, actor, repo));
    RC_TRY(rc_actor_again(actor, check_admin, &repo));
    stripping.lock = locks.fd;
    RC_TRY(rc_actor_away(actor, strip, &stripping));
    RC_TRY(refresh_last(actor, repo, "user_stripped_commit", request->revision));
    RC_TRY(rc_actor_read(actor, find_keepers, &stripping));
    *pulls = stripping.pulls;
    return NULL;
}

/* --- rescan --- */

rc_err_t *rc_rescan(rc_rescan_t *found, rc_actor_t *actor, bool remove)
{
    *found = (rc_rescan_t){NULL};
    RC_TRY(rc_actor_require_admin(actor));
    RC_TRY(rc_work_costly(&actor->work, actor->pool));
    RC_TRY(rc_scan_add(&found->added, &found->skipped, actor));
    return remove ? rc_scan_remove(&found->removed, found->skipped, actor) : NULL;
}
