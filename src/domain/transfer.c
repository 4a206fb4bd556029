// SPDX-License-Identifier: Apache-2.0
/*
 * Judges who may pull and push, by right and lock, and locks the repository on the disk for a push.
 */
#include "domain/transfer.h"

#include <string.h>

#include <apr_strings.h>

#include "store/repo_change.h"
#include "store/user.h"
#include "transfer_lock.h"
#include "vcs/library.h"

bool rc_transfer_is_locked(const rc_repo_t *repo)
{
    return repo->lock_user_id && (repo->enable_locking || !rc_transfer_locked_by_pull(repo));
}

bool rc_transfer_locked_by_pull(const rc_repo_t *repo)
{
    return repo->lock_reason && !strcmp(repo->lock_reason, RC_LOCK_PULL);
}

/* The lock table of contract 06 §5 and §6. */
static bool locks_out(const rc_repo_t *repo, const rc_caller_t *caller, rc_transfer_t kind)
{
    bool own = repo->lock_user_id == caller->user_id;

    if (!rc_transfer_is_locked(repo))
        return false;
    if (kind == RC_PUSH)
        return !own;
    return !rc_transfer_locked_by_pull(repo) || (!own && !caller->anonymous);
}

static rc_err_t *judge(rc_verdict_t *verdict, rc_transfer_kind_t kind, const char *text)
{
    *verdict = (rc_verdict_t){kind, text};
    return NULL;
}

/* A lock whose holder was deleted is none. */
static rc_err_t *judge_lock(rc_verdict_t *verdict, rc_actor_t *actor, const rc_repo_t *repo)
{
    rc_user_t *holder;

    RC_TRY(rc_store_user_by_id(&holder, actor->db, repo->lock_user_id, actor->pool));
    if (!holder)
        return judge(verdict, RC_TRANSFER_ALLOWED, NULL);
    return judge(verdict, RC_TRANSFER_LOCKED,
                 apr_psprintf(actor->pool, "Repository `%s` locked by user `%s`. Reason:`%s`",
                              repo->name, holder->username,
                              repo->lock_reason ? repo->lock_reason : ""));
}

rc_err_t *rc_transfer_check(rc_verdict_t *verdict, rc_actor_t *actor, const rc_repo_t *repo,
                            rc_transfer_t kind)
{
    const rc_caller_t *caller = actor->caller;

    if (!repo || repo->level < RC_READ)
        return judge(verdict, caller->anonymous ? RC_TRANSFER_SIGN_IN : RC_TRANSFER_HIDDEN, NULL);
    if (kind == RC_PUSH && caller->anonymous)
        return judge(verdict, RC_TRANSFER_SIGN_IN, NULL);
    if (kind == RC_PUSH && repo->level < RC_WRITE)
        return judge(verdict, RC_TRANSFER_FORBIDDEN,
                     apr_psprintf(actor->pool, "You may not push to `%s`", repo->name));
    if (locks_out(repo, caller, kind))
        return judge_lock(verdict, actor, repo);
    return judge(verdict, RC_TRANSFER_ALLOWED, NULL);
}

typedef struct recheck_t {
    rc_verdict_t *verdict;
    const rc_credentials_t *credentials;
    const rc_repo_t *repo;
    rc_transfer_t kind;
} recheck_t;

/* Identifies the caller, who must be the same as before. */
static rc_err_t *check_caller(rc_verdict_t *verdict, rc_actor_t *actor,
                              const rc_credentials_t *credentials)
{
    apr_int64_t before = actor->caller->user_id;
    rc_identity_t who;

    RC_TRY(rc_identify(&who, actor->db, credentials, actor->pool));
    if (who.refusal == RC_REFUSED_ADDRESS)
        return judge(verdict, RC_TRANSFER_FORBIDDEN,
                     apr_psprintf(actor->pool, "IP %s not allowed", credentials->ip));
    if (who.refusal || who.caller->user_id != before)
        return judge(verdict, RC_TRANSFER_SIGN_IN, NULL);
    actor->caller = who.caller;
    return judge(verdict, RC_TRANSFER_ALLOWED, NULL);
}

static rc_err_t *check_again(rc_actor_t *actor, void *baton)
{
    const recheck_t *recheck = baton;
    rc_repo_t *repo;

    RC_TRY(rc_actor_holds(actor));
    RC_TRY(check_caller(recheck->verdict, actor, recheck->credentials));
    if (recheck->verdict->kind != RC_TRANSFER_ALLOWED)
        return NULL;
    RC_TRY(rc_store_repo_by_id(&repo, actor->db, rc_caller_viewer(actor->caller), recheck->repo->id,
                               actor->pool));
    if (repo && strcmp(repo->name, recheck->repo->name))
        repo = NULL;
    return rc_transfer_check(recheck->verdict, actor, repo, recheck->kind);
}

rc_err_t *rc_transfer_recheck(rc_verdict_t *verdict, rc_actor_t *actor,
                              const rc_credentials_t *credentials, const rc_repo_t *repo,
                              rc_transfer_t kind)
{
    recheck_t recheck = {verdict, credentials, repo, kind};

    return rc_actor_read(actor, check_again, &recheck);
}

static rc_err_t *lock_for_push(rc_locks_t *locks, rc_actor_t *actor, void *baton)
{
    const rc_repo_t *repo = *(const rc_repo_t **)baton;
    const rc_capabilities_t *type = rc_vcs_capabilities(repo->type);

    return type && type->one_push
               ? rc_repo_lock(locks, actor->env, actor->db, repo->id, repo->name)
               : rc_repo_share(locks, actor->env, actor->db, repo->id, repo->name);
}

/* Clients see this error: it names no path. */
static rc_err_t *not_shared(const rc_locks_t *locks, const rc_actor_t *actor, const rc_repo_t *repo,
                            rc_err_t *err)
{
    const char *why = rc_err_log_text(err, actor->pool);

    if (err->kind != RC_E_FAILED)
        return err;
    if (locks->busy)
        err = rc_err(actor->pool, RC_E_BUSY,
                     "Repository `%s` is being changed; try again in a moment", repo->name);
    else
        err = rc_err(actor->pool, RC_E_NOTFOUND, "Repository `%s` has gone", repo->name);
    err->detail = why;
    return err;
}

rc_err_t *rc_transfer_lock(rc_locks_t *locks, rc_actor_t *actor, const rc_repo_t *repo)
{
    rc_err_t *err;

    RC_TRY(rc_actor_require(actor, repo->level, RC_WRITE));
    RC_TRY(rc_actor_require_name(actor));
    err = rc_actor_lock(locks, actor, lock_for_push, &repo);
    if (err)
        return not_shared(locks, actor, repo, err);
    return rc_vcs_settle(repo->type, rc_env_repo_path(actor->env, repo->name, actor->pool),
                         actor->pool);
}
