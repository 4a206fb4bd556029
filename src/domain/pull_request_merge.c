// SPDX-License-Identifier: Apache-2.0
/*
 * Merges pull requests (contract 09 §4). The id of the merge is stored before the branch moves to
 * it, and the rest after that. Whoever finds a merge that has begun and not ended, because its
 * process was killed, sees by the branches whether it has happened: then they record it, else they
 * forget it.
 */
#include "pull_request.h"
#include "event.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "domain/disk_transaction.h"
#include "domain/last_changeset.h"
#include "domain/maintenance.h"
#include "domain/repo_setting.h"

#define MERGED "Pull request merged and closed"

typedef struct merging_t {
    rc_actor_t *actor;
    const rc_pull_act_t *act;
    const rc_pull_request_t *pull; /* as it is now: read under the lock */
    const char *type;              /* of the repositories */
    rc_repo_t *target;
    bool enabled;
    int lock;
    rc_pull_merged_t *merged;
    rc_last_t last; /* the target's last commit after the merge */
    bool found;     /* a killed process made the merge */
    rc_pull_push_t push;
    const char *pushed; /* what webhooks hear of it; NULL: nothing */
} merging_t;

/* --- what follows a merge --- */

static rc_err_t *read_merged(rc_actor_t *actor, void *baton)
{
    merging_t *merging = baton;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, merging->target, NULL, actor->pool));
    RC_TRY(rc_last_read(&merging->last, vcs, actor->pool));
    return rc_pull_push_end(&merging->pushed, &merging->push, vcs,
                            merging->found ? NULL : merging->merged->id, actor->pool);
}

/* A build server that waits for pushes gets the merge as one, as from RhodeCode, which pushes it.
 */
static rc_err_t *sign_own(const merging_t *merging, const char *action)
{
    rc_actor_t *actor = merging->actor;
    const rc_journal_actor_t signature = rc_actor_signature(actor);

    if (merging->pushed)
        RC_TRY(rc_event_push(actor->db, &signature, merging->target, merging->pushed));
    return rc_pull_journal(actor, merging->act->pull, action);
}

/* In the name of the user who merged, not of the one who found that out; where from is not known
 * any more, nor who, when the user was deleted since. */
static rc_err_t *sign(const merging_t *merging)
{
    static const char *const action = "user_merged_pull_request";
    const rc_pull_request_t *pull = merging->act->pull;
    rc_actor_t *actor = merging->actor;
    const rc_journal_actor_t user = {.user_id = pull->merge_user_id,
                                     .name = merging->act->user ? NULL : RC_LOCAL_ACTOR};
    const char *id = apr_psprintf(actor->pool, "%" APR_INT64_T_FMT, pull->id);

    if (!merging->found)
        return sign_own(merging, action);
    RC_TRY(rc_store_journal_add(actor->db, &user, pull->target.repo_id, merging->target->name,
                                apr_pstrcat(actor->pool, action, ":", id, NULL)));
    return rc_event_add(actor->db, &user, merging->target, action, id);
}

/* The merge stands, so rights are not checked again. Another process may have recorded it. */
static rc_err_t *record_rows(void *baton, rc_db_t *db)
{
    merging_t *merging = baton;
    rc_actor_t *actor = merging->actor;
    const rc_pull_act_t *act = merging->act;
    rc_pull_request_t *now;
    apr_int64_t comment;

    RC_TRY(rc_store_pull_request(&now, db, rc_caller_viewer(actor->caller), act->pull->id,
                                 actor->pool));
    if (!now || now->closed)
        return NULL;
    if (act->user)
        RC_TRY(rc_pull_say(&comment, actor, act, MERGED, NULL));
    RC_TRY(rc_store_pull_close(db, now->id));
    RC_TRY(rc_store_repo_set_last(db, merging->target, &merging->last));
    return sign(merging);
}

static rc_err_t *record_merge(merging_t *merging)
{
    rc_actor_t *actor = merging->actor;

    RC_TRY(rc_actor_away(actor, read_merged, merging));
    RC_TRY(rc_db_txn(actor->db, record_rows, merging));
    rc_maintenance_later(actor->env, merging->target);
    return NULL;
}

/* --- a merge that a killed process began --- */

typedef struct finding_t {
    const rc_repo_t *target;
    const char *id;
    bool there;
} finding_t;

static rc_err_t *find_merge(rc_actor_t *actor, void *baton)
{
    finding_t *finding = baton;
    rc_rev_t rev;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, finding->target, NULL, actor->pool));
    RC_TRY(rc_vcs_refresh(vcs));
    RC_TRY(rc_vcs_resolve(&rev, vcs, finding->id, actor->pool));
    finding->there = rev.id && !strcmp(rev.id, finding->id);
    return NULL;
}

static rc_err_t *forget_merge(void *baton, rc_db_t *db)
{
    const merging_t *merging = baton;

    return rc_store_pull_set_merge(db, merging->pull->id, NULL, 0);
}

/* The caller holds the lock of the target, so nobody is at this merge. */
static rc_err_t *end_merge(bool *closed, const merging_t *merging)
{
    const rc_pull_request_t *pull = merging->pull;
    rc_actor_t *actor = merging->actor;
    rc_pull_act_t act = {.pull = pull};
    merging_t ended = {
        .actor = actor, .act = &act, .pull = pull, .target = merging->target, .found = true};
    finding_t finding = {merging->target, pull->merge_rev, false};
    rc_user_t *user = NULL;

    RC_TRY(rc_actor_away(actor, find_merge, &finding));
    *closed = finding.there;
    if (!finding.there)
        return rc_db_txn(actor->db, forget_merge, &ended);
    if (pull->merge_user_id)
        RC_TRY(rc_store_user_by_id(&user, actor->db, pull->merge_user_id, actor->pool));
    act.user = user;
    return record_merge(&ended);
}

/* Reads the pull request again: the one that held the lock may have ended the merge. */
static rc_err_t *read_again(rc_actor_t *actor, void *baton)
{
    merging_t *merging = baton;
    rc_pull_request_t *pull;

    RC_TRY(rc_store_pull_request(&pull, actor->db, rc_caller_viewer(actor->caller),
                                 merging->pull->id, actor->pool));
    if (!pull)
        return rc_err_failed(actor->pool, "the pull request has gone");
    merging->pull = pull;
    return rc_pull_target(&merging->target, actor, pull);
}

rc_err_t *rc_pull_settle(bool *closed, rc_actor_t *actor, const rc_pull_request_t *pull)
{
    merging_t merging = {.actor = actor, .pull = pull};
    rc_locks_t locks = {.fd = -1};
    rc_err_t *err;

    *closed = false;
    apr_pool_create(&locks.pool, actor->pool);
    err = rc_repo_lock(&locks, actor->env, actor->db, pull->target.repo_id, pull->target.repo);
    if (err && locks.busy) { /* somebody is at it, or will be soon */
        apr_pool_destroy(locks.pool);
        return NULL;
    }
    err = rc_err_copy(err, actor->pool);
    if (!err)
        err = rc_actor_read(actor, read_again, &merging);
    if (!err) {
        *closed = merging.pull->closed;
        if (!*closed && merging.pull->merge_rev)
            err = end_merge(closed, &merging);
    }
    apr_pool_destroy(locks.pool);
    return err;
}

/* --- the merge --- */

static rc_err_t *check_merge(const rc_actor_t *actor, const rc_pull_act_t *act)
{
    rc_level_t level;

    RC_TRY(rc_pull_level(&level, actor, act));
    RC_TRY(rc_actor_require(actor, level, RC_WRITE));
    if (act->pull->closed)
        return rc_err(actor->pool, RC_E_ARG,
                      "pull request `%s` merge failed, pull request is closed", act->sent);
    return NULL;
}

/* After the wait for the lock. */
static rc_err_t *check_locked(rc_actor_t *actor, void *baton)
{
    merging_t *merging = baton;

    merging->pull = merging->act->pull;
    RC_TRY(check_merge(actor, merging->act));
    RC_TRY(rc_pull_target(&merging->target, actor, merging->pull));
    return rc_repo_may_merge(&merging->enabled, actor->db, merging->target->id, actor->pool);
}

typedef struct beginning_t {
    const merging_t *merging;
    const char *id;
} beginning_t;

static rc_err_t *store_beginning(void *baton, rc_db_t *db)
{
    const beginning_t *beginning = baton;
    const merging_t *merging = beginning->merging;
    const rc_pull_request_t *pull = merging->pull;
    rc_actor_t *actor = merging->actor;
    rc_pull_request_t *now;

    RC_TRY(rc_store_pull_request(&now, db, rc_caller_viewer(actor->caller), pull->id, actor->pool));
    if (!now || now->closed || strcmp(now->source.id, pull->source.id))
        return rc_err_failed(actor->pool, "the pull request was closed or changed meanwhile");
    return rc_store_pull_set_merge(db, pull->id, beginning->id, merging->act->user->id);
}

/* Called without a connection. */
static rc_err_t *begin_merge(void *baton, const char *merge_id)
{
    beginning_t beginning = {baton, merge_id};
    rc_actor_t *actor = beginning.merging->actor;
    rc_err_t *err;

    RC_TRY(rc_actor_holds(actor));
    RC_TRY(rc_actor_open(actor));
    err = rc_db_txn(actor->db, store_beginning, &beginning);
    rc_actor_close(actor);
    return err;
}

static const char *message_of(const rc_pull_request_t *pull, apr_pool_t *pool)
{
    const char *repo = pull->source.repo; /* NULL: who merges may not know it */

    return apr_psprintf(pool, "Merge pull request #%" APR_INT64_T_FMT " from %s%s%s\n\n %s\n",
                        pull->id, repo ? rc_repo_name_last(repo) : "", repo ? " " : "",
                        pull->source.name, pull->title);
}

static rc_err_t *merge_head(rc_actor_t *actor, merging_t *merging, rc_merge_t *merge)
{
    rc_merge_reason_t reason;
    const char *id;
    rc_err_t *err;

    RC_TRY(rc_work_dir(&merge->work_dir, actor->env, actor->pool));
    err = rc_vcs_merge(&reason, &id, merging->type, merge, actor->pool);
    if (err && err->kind == RC_E_LIMIT) { /* it takes too long */
        rc_log(RC_LOG_WARNING, err->cause, "merge: %s", rc_err_log_text(err, actor->pool));
        reason = RC_MERGE_FAILED;
        err = NULL;
    }
    RC_TRY(err);
    merging->merged->reason = reason;
    if (reason == RC_MERGE_POSSIBLE)
        merging->merged->id = id;
    return NULL;
}

/* *@a reached: commit @a target, the head of a branch, reaches commit @a source. A commit that no
 * branch or tag reaches is not in the order, so git need not be asked for it. */
static rc_err_t *is_merged(bool *reached, rc_vcs_t *vcs, const char *target, const char *source,
                           apr_pool_t *pool)
{
    apr_array_header_t *heads = apr_array_make(pool, 1, sizeof(char *)), *lacking;
    apr_array_header_t *old = apr_array_make(pool, 1, sizeof(char *));
    rc_rev_t rev;

    *reached = false;
    RC_TRY(rc_vcs_resolve(&rev, vcs, source, pool));
    if (!rev.id)
        return NULL;
    APR_ARRAY_PUSH(heads, const char *) = source;
    APR_ARRAY_PUSH(old, const char *) = target;
    RC_TRY(rc_vcs_new_commits(&lacking, vcs, heads, old, 1, pool));
    *reached = !lacking->nelts;
    return NULL;
}

static rc_err_t *merge_target(rc_actor_t *actor, void *baton)
{
    merging_t *merging = baton;
    const rc_pull_request_t *pull = merging->pull;
    const rc_user_t *user = merging->act->user;
    rc_merge_t the = {.path = rc_env_repo_path(actor->env, merging->target->name, actor->pool),
                      .kind = rc_pull_ref_kind(pull->target.type),
                      .name = pull->target.name,
                      .source = pull->source.id,
                      .work = &actor->work,
                      .author = user->username,
                      .email = user->email ? user->email : "nobody@localhost",
                      .message = message_of(pull, actor->pool),
                      .lock = merging->lock,
                      .begin = begin_merge,
                      .baton = merging};
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, merging->target, NULL, actor->pool));
    RC_TRY(rc_pull_ref(&the.target, vcs, pull->target.type, pull->target.name, actor->pool));
    if (!the.target) {
        merging->merged->reason = RC_MERGE_MISSING;
        return NULL;
    }
    RC_TRY(is_merged(&the.reached, vcs, the.target, pull->source.id, actor->pool));
    RC_TRY(rc_pull_push_begin(&merging->push, vcs, &the, actor->pool));
    return merge_head(actor, merging, &the);
}

/* Sets the reason that needs no trial; RC_MERGE_POSSIBLE: there is none. */
static rc_merge_reason_t find_hindrance(const merging_t *merging)
{
    const rc_capabilities_t *type = rc_vcs_capabilities(merging->target->type);

    if (!type || !type->merges || !merging->enabled)
        return RC_MERGE_FAILED;
    return merging->target->lock_user_id ? RC_MERGE_LOCKED : RC_MERGE_POSSIBLE;
}

static rc_err_t *merge_locked(merging_t *merging)
{
    rc_actor_t *actor = merging->actor;
    bool closed = false;

    RC_TRY(rc_actor_again(actor, check_locked, merging));
    RC_TRY(rc_work_costly(&actor->work, actor->pool));
    merging->type = merging->target->type;
    merging->merged->reason = find_hindrance(merging);
    if (merging->merged->reason)
        return NULL;
    if (merging->pull->merge_rev)
        RC_TRY(end_merge(&closed, merging));
    if (closed)
        return rc_err(actor->pool, RC_E_ARG,
                      "pull request `%s` merge failed, pull request is closed", merging->act->sent);
    RC_TRY(rc_actor_away(actor, merge_target, merging));
    if (merging->merged->reason)
        return merging->merged->reason == RC_MERGE_NOT_PUSHED
                   ? rc_db_txn(actor->db, forget_merge, merging)
                   : NULL;
    return record_merge(merging);
}

static rc_err_t *lock_target(rc_locks_t *locks, rc_actor_t *actor, const rc_pull_request_t *pull)
{
    rc_repo_t target = {.id = pull->target.repo_id, .name = pull->target.repo};
    rc_err_t *err = rc_actor_lock_repo(locks, actor, &target);

    return err && locks->busy ? rc_pull_busy(actor, target.name) : err;
}

rc_err_t *rc_pull_merge(rc_pull_merged_t *merged, rc_actor_t *actor, const rc_pull_act_t *act)
{
    merging_t merging = {.actor = actor, .act = act, .merged = merged};
    rc_locks_t locks;

    *merged = (rc_pull_merged_t){false, false, NULL, RC_MERGE_POSSIBLE};
    RC_TRY(check_merge(actor, act));
    RC_TRY(lock_target(&locks, actor, act->pull));
    merging.lock = locks.fd;
    RC_TRY(merge_locked(&merging));
    merged->executed = merged->reason == RC_MERGE_POSSIBLE;
    merged->possible = merged->executed || merged->reason == RC_MERGE_NOT_PUSHED;
    return NULL;
}
