// SPDX-License-Identifier: Apache-2.0
/*
 * Runs the parts of a use case: with a connection, in a transaction, or without a connection.
 * Checks the rights that it requires, and writes its entries of the journal.
 */
#include "domain/actor.h"

#include <apr_strings.h>

#include "caller.h"
#include "db/memory.h"
#include "domain/disk_transaction.h"
#include "event.h"
#include "store/rule.h"

void rc_actor_local(rc_actor_t *actor, rc_env_t *env, apr_pool_t *pool)
{
    static const rc_caller_t program = {
        .username = RC_LOCAL_ACTOR, .active = true, .admin = true, .role = RC_ROLE_ALL};

    *actor = (rc_actor_t){
        .env = env, .pool = pool, .caller = &program, .ip = "127.0.0.1", .name = RC_LOCAL_ACTOR};
    rc_env_work_begin(&actor->work, env, NULL, NULL, pool);
}

void rc_actor_is(rc_actor_t *actor, const rc_caller_t *caller)
{
    actor->caller = caller;
    actor->work.visitors = caller && caller->anonymous ? actor->env->visitors : NULL;
}

rc_err_t *rc_actor_open(rc_actor_t *actor)
{
    if (actor->db)
        return NULL;
    return rc_db_acquire(&actor->db, actor->lists ? actor->env->list_pool : actor->env->db_pool,
                         actor->pool);
}

rc_err_t *rc_actor_lists(rc_actor_t *actor)
{
    rc_actor_close(actor);
    actor->lists = true;
    return rc_actor_open(actor);
}

void rc_actor_close(rc_actor_t *actor)
{
    if (actor->db)
        rc_db_release(actor->db);
    actor->db = NULL;
}

static rc_err_t *key_used(void *baton, rc_db_t *db)
{
    const rc_caller_t *caller = baton;

    return rc_store_key_used(db, caller->key_id, RC_KEY_USE_KEPT);
}

/* A failure to write the record is no failure of the request: the next one tries again. */
static void record_key(rc_actor_t *actor)
{
    rc_caller_t *caller;

    if (!actor->db || !actor->caller || !actor->caller->unrecorded)
        return;
    caller = apr_pmemdup(actor->pool, actor->caller, sizeof(*caller));
    caller->unrecorded = false;
    actor->caller = caller;
    rc_db_txn_idle(actor->db, key_used, caller);
}

rc_err_t *rc_actor_read(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton)
{
    rc_err_t *err;

    RC_TRY(rc_actor_open(actor)); /* rc_actor_recall may have left it closed */
    RC_TRY(rc_db_begin_read(actor->db));
    err = fn(actor, baton);
    if (!err)
        err = rc_db_commit(actor->db);
    else if (actor->db) /* NULL when rc_actor_away could not get it back */
        rc_db_rollback(actor->db);
    record_key(actor);
    return err;
}

rc_err_t *rc_actor_recall(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton)
{
    rc_err_t *err;

    RC_TRY(rc_db_acquire_memory(&actor->db, actor->env->db_pool, actor->pool));
    if (!actor->db)
        return rc_err(actor->pool, RC_E_MISS, "nothing is remembered");
    err = rc_db_begin_read(actor->db);
    if (!err)
        err = fn(actor, baton);
    rc_db_rollback(actor->db);
    actor->db = NULL;
    return err;
}

rc_err_t *rc_actor_ask(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton)
{
    rc_err_t *err = rc_actor_recall(actor, fn, baton);

    return err && err->kind == RC_E_MISS ? rc_actor_read(actor, fn, baton) : err;
}

rc_err_t *rc_actor_holds(const rc_actor_t *actor)
{
    return rc_db_locks_hold(actor->env->locks, actor->locks, actor->pool);
}

typedef struct change_t {
    rc_actor_t *actor;
    rc_actor_fn_t *fn;
    void *baton;
} change_t;

static rc_err_t *run_change(void *baton, rc_db_t *db)
{
    change_t *change = baton;
    rc_actor_t *actor = change->actor;

    (void)db;
    RC_TRY(rc_actor_holds(actor));
    if (actor->renew)
        RC_TRY(actor->renew(actor->baton));
    RC_TRY(change->fn(actor, change->baton));
    return actor->answer ? actor->answer(actor->baton) : NULL;
}

rc_err_t *rc_actor_txn(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton)
{
    change_t change = {actor, fn, baton};

    RC_TRY(rc_actor_open(actor)); /* as rc_actor_read does */
    return rc_disk_txn_run(actor->env, actor->db, run_change, &change, actor->pool);
}

static rc_err_t *run_renewed(rc_actor_t *actor, void *baton)
{
    change_t *change = baton;

    RC_TRY(rc_actor_holds(actor));
    if (actor->renew)
        RC_TRY(actor->renew(actor->baton));
    return change->fn(actor, change->baton);
}

rc_err_t *rc_actor_again(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton)
{
    change_t change = {actor, fn, baton};
    bool away = !actor->db;
    rc_err_t *err;

    if (away)
        RC_TRY(rc_actor_open(actor));
    err = rc_actor_read(actor, run_renewed, &change);
    if (away)
        rc_actor_close(actor);
    return err;
}

rc_err_t *rc_actor_away(rc_actor_t *actor, rc_actor_fn_t *fn, void *baton)
{
    bool had = actor->db != NULL;
    rc_err_t *err, *back;

    rc_actor_close(actor);
    err = fn(actor, baton);
    back = had ? rc_actor_open(actor) : NULL;
    return err ? err : back;
}

rc_err_t *rc_actor_has_global(bool *has, rc_actor_t *actor, const char *permission)
{
    return rc_rule_has_global(has, actor->db, rc_caller_viewer(actor->caller), actor->caller->admin,
                              permission);
}

static rc_err_t *require(const rc_actor_t *actor, bool may)
{
    return may ? NULL : rc_err(actor->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
}

rc_err_t *rc_actor_require(const rc_actor_t *actor, rc_level_t level, rc_level_t least)
{
    return require(actor, level >= least);
}

rc_err_t *rc_actor_require_on(const rc_actor_t *actor, rc_kind_t kind, apr_int64_t id,
                              rc_level_t least)
{
    rc_level_t level;

    RC_TRY(rc_rule_level(&level, actor->db, kind, rc_caller_viewer(actor->caller), id));
    return rc_actor_require(actor, level, least);
}

rc_err_t *rc_actor_require_admin(const rc_actor_t *actor)
{
    return require(actor, actor->caller->admin);
}

rc_err_t *rc_actor_require_user(const rc_actor_t *actor, apr_int64_t user_id)
{
    const rc_caller_t *caller = actor->caller;

    return require(actor, caller->admin || (!caller->anonymous && caller->user_id == user_id));
}

rc_err_t *rc_actor_require_name(const rc_actor_t *actor)
{
    return require(actor, !actor->caller->anonymous);
}

bool rc_actor_is_full(const rc_actor_t *actor)
{
    const rc_caller_t *caller = actor->caller;

    return caller->role == RC_ROLE_ALL && !caller->expires && !rc_caller_is_scoped(caller);
}

rc_err_t *rc_actor_require_full(const rc_actor_t *actor)
{
    return require(actor, rc_actor_is_full(actor));
}

rc_err_t *rc_actor_require_unscoped(const rc_actor_t *actor)
{
    return require(actor, !rc_caller_is_scoped(actor->caller));
}

rc_err_t *rc_actor_require_global(rc_actor_t *actor, const char *permission)
{
    bool has;

    RC_TRY(rc_actor_has_global(&has, actor, permission));
    return require(actor, has);
}

rc_journal_actor_t rc_actor_signature(const rc_actor_t *actor)
{
    const rc_caller_t *caller = actor->caller;

    return (rc_journal_actor_t){.user_id = caller ? caller->user_id : 0,
                                .ip = actor->ip,
                                .name = actor->name,
                                .key_id = caller ? caller->key_id : 0};
}

rc_err_t *rc_actor_journal(rc_actor_t *actor, const rc_repo_t *repo, const char *action,
                           const char *what)
{
    rc_journal_actor_t signature = rc_actor_signature(actor);
    const char *text = what ? apr_pstrcat(actor->pool, action, ":", what, NULL) : action;

    RC_TRY(rc_store_journal_add(actor->db, &signature, repo ? repo->id : 0,
                                repo ? repo->name : NULL, text));
    return repo && repo->id ? rc_event_add(actor->db, &signature, repo, action, what) : NULL;
}

rc_err_t *rc_actor_journal_named(rc_actor_t *actor, const char *action, const char *name,
                                 const char *what)
{
    if (what)
        name = apr_pstrcat(actor->pool, name, ": ", what, NULL);
    return rc_actor_journal(actor, NULL, action, name);
}

rc_err_t *rc_actor_journal_user(rc_actor_t *actor, apr_int64_t user_id, const char *name,
                                const char *done, const char *what)
{
    const char *who = user_id == actor->caller->user_id ? "user_" : "admin_";

    return rc_actor_journal(actor, NULL, apr_pstrcat(actor->pool, who, done, NULL),
                            what ? apr_pstrcat(actor->pool, name, ":", what, NULL) : name);
}

void rc_actor_forget(rc_actor_t *actor, const char *name)
{
    rc_vcs_pool_forget(actor->env->vcs_pool, rc_env_repo_path(actor->env, name, actor->pool));
}
