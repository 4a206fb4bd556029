// SPDX-License-Identifier: Apache-2.0
/*
 * Records pulls, pushes and commits that are done, and makes and releases the locks that go with
 * them.
 */
#include "domain/transfer.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/last_changeset.h"
#include "domain/maintenance.h"
#include "event.h"
#include "store/repo_change.h"
#include "transfer_compare.h"
#include "transfer_lock.h"
#include "transfer_words.h"
#include "vcs/git_wire.h"

/* --- pull --- */

typedef struct pulled_t {
    rc_actor_t *actor;
    const rc_repo_t *repo;
    bool complete;
    const char *note;
} pulled_t;

/* Returns whether the pull locks the repository, unless it is locked. */
static bool may_lock(const pulled_t *pulled, const rc_repo_t *repo)
{
    return pulled->complete && !pulled->actor->caller->anonymous && repo->enable_locking &&
           repo->level >= RC_WRITE;
}

static rc_err_t *make_lock(pulled_t *pulled, const rc_repo_t *now)
{
    rc_actor_t *actor = pulled->actor;

    RC_TRY(rc_store_repo_set_lock(actor->db, now->id, actor->caller->user_id,
                                  apr_time_sec(apr_time_now()), RC_LOCK_PULL));
    pulled->note = apr_psprintf(actor->pool, "Made lock on repo `%s`", now->name);
    return rc_actor_journal(actor, now, "pull_lock", NULL);
}

/* The repository may have been deleted or locked since the pull began. */
static rc_err_t *record_pull(void *baton, rc_db_t *db)
{
    pulled_t *pulled = baton;
    rc_actor_t *actor = pulled->actor;
    rc_repo_t gone = *pulled->repo, *now;

    pulled->note = NULL;
    gone.id = 0;
    RC_TRY(rc_store_repo_by_id(&now, db, rc_caller_viewer(actor->caller), pulled->repo->id,
                               actor->pool));
    RC_TRY(rc_actor_journal(actor, now ? now : &gone, "pull", NULL));
    return now && may_lock(pulled, now) && !rc_transfer_is_locked(now) ? make_lock(pulled, now)
                                                                       : NULL;
}

rc_err_t *rc_transfer_pulled(const char **note, rc_actor_t *actor, const rc_repo_t *repo,
                             bool complete)
{
    pulled_t pulled = {actor, repo, complete, NULL};

    *note = NULL;
    RC_TRY(rc_actor_require(actor, repo->level, RC_READ));
    if (!may_lock(&pulled, repo))
        return rc_actor_journal_late(actor, repo, "pull", 0);
    if (!actor->db)
        RC_TRY(rc_actor_open(actor));
    RC_TRY(rc_db_txn(actor->db, record_pull, &pulled));
    *note = pulled.note;
    return NULL;
}

/* --- push --- */

typedef struct pushed_t {
    rc_actor_t *actor;
    const rc_repo_t *repo;
    const apr_array_header_t *changes;
    rc_last_t last;
    rc_push_words_t words;
    const char *note;
} pushed_t;

/* Points HEAD at the first branch that exists after the push. */
static rc_err_t *set_head(rc_vcs_t *vcs, const apr_array_header_t *changes, apr_pool_t *pool)
{
    const char *branch;
    int i;

    for (i = 0; i < changes->nelts; i++) {
        const rc_ref_change_t *change = &APR_ARRAY_IDX(changes, i, rc_ref_change_t);

        if (change->new_id && rc_wire_branch(change->ref))
            return rc_wire_set_head(&branch, vcs, change->ref, pool);
    }
    return NULL;
}

/* Reads what the push has made of the repository. */
static rc_err_t *read_repo(rc_actor_t *actor, void *baton)
{
    pushed_t *pushed = baton;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, pushed->repo, NULL, actor->pool));
    RC_TRY(set_head(vcs, pushed->changes, actor->pool));
    RC_TRY(rc_last_read(&pushed->last, vcs, actor->pool));
    return rc_transfer_words(&pushed->words, vcs, pushed->changes, actor->pool);
}

static rc_err_t *release_lock(pushed_t *pushed, const rc_repo_t *now)
{
    rc_actor_t *actor = pushed->actor;

    if (now->lock_user_id != actor->caller->user_id || !now->enable_locking)
        return NULL;
    RC_TRY(rc_store_repo_set_lock(actor->db, now->id, 0, 0, NULL));
    pushed->note = apr_psprintf(actor->pool, "Released lock on repo `%s`\n", now->name);
    return rc_actor_journal(actor, now, "push_unlock", NULL);
}

static rc_err_t *add_event(rc_actor_t *actor, const rc_repo_t *now, const char *words)
{
    rc_journal_actor_t signature = rc_actor_signature(actor);

    return rc_event_push(actor->db, &signature, now, words);
}

static rc_err_t *record_push(void *baton, rc_db_t *db)
{
    pushed_t *pushed = baton;
    rc_actor_t *actor = pushed->actor;
    rc_repo_t *now;

    RC_TRY(rc_store_repo_by_id(&now, db, rc_caller_viewer(actor->caller), pushed->repo->id,
                               actor->pool));
    if (!now)
        return rc_err_failed(actor->pool, "%s was deleted meanwhile", pushed->repo->name);
    if (pushed->last.state)
        RC_TRY(rc_store_repo_set_last(db, pushed->repo, &pushed->last));
    RC_TRY(rc_actor_journal(actor, now, "push", pushed->words.journal));
    RC_TRY(add_event(actor, now, pushed->words.event));
    return release_lock(pushed, now);
}

static rc_err_t *keep_record(const char **note, pushed_t *pushed)
{
    RC_TRY(rc_db_txn(pushed->actor->db, record_push, pushed));
    *note = pushed->note;
    rc_maintenance_later(pushed->actor->env, pushed->repo);
    return NULL;
}

static rc_err_t *require_push(const rc_actor_t *actor, const rc_repo_t *repo)
{
    RC_TRY(rc_actor_require(actor, repo->level, RC_WRITE));
    return rc_actor_require_name(actor);
}

/* The push cannot be undone, so the right is not checked again. */
rc_err_t *rc_transfer_pushed(const char **note, rc_actor_t *actor, const rc_repo_t *repo,
                             const apr_array_header_t *changes)
{
    pushed_t pushed = {.actor = actor, .repo = repo, .changes = changes};

    *note = NULL;
    RC_TRY(require_push(actor, repo));
    if (!changes->nelts)
        return NULL;
    RC_TRY(rc_actor_away(actor, read_repo, &pushed));
    return keep_record(note, &pushed);
}

/* --- commit --- */

/* Reads the last commit. Without it, the rest is recorded. */
static rc_err_t *read_youngest(rc_actor_t *actor, void *baton)
{
    pushed_t *pushed = baton;
    rc_vcs_t *vcs;
    rc_err_t *err = rc_repo_open(&vcs, actor->env, pushed->repo, NULL, actor->pool);

    if (!err)
        err = rc_last_read(&pushed->last, vcs, actor->pool);
    if (err) {
        pushed->last.state = NULL;
        rc_log(RC_LOG_ERR, err->cause, "cannot read the last commit of %s: %s", pushed->repo->name,
               rc_err_log_text(err, actor->pool));
    }
    return NULL;
}

rc_err_t *rc_transfer_committed(const char **note, rc_actor_t *actor, const rc_repo_t *repo,
                                const char *revision)
{
    pushed_t pushed = {.actor = actor, .repo = repo, .words = {revision, revision}};

    *note = NULL;
    RC_TRY(require_push(actor, repo));
    RC_TRY(rc_actor_away(actor, read_youngest, &pushed));
    return keep_record(note, &pushed);
}

/* --- a push whose changes are not reported --- */

typedef struct compare_t {
    pushed_t pushed;
    rc_transfer_before_t *now;
    const rc_transfer_before_t *was;
} compare_t;

static rc_err_t *note_state(rc_actor_t *actor, void *baton)
{
    compare_t *compare = baton;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, compare->pushed.repo, NULL, actor->pool));
    return rc_transfer_note(&compare->now, vcs, actor->pool);
}

static rc_err_t *compare_state(rc_actor_t *actor, void *baton)
{
    compare_t *compare = baton;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, compare->pushed.repo, NULL, actor->pool));
    RC_TRY(rc_last_read(&compare->pushed.last, vcs, actor->pool));
    return rc_transfer_compare(&compare->pushed.words, compare->was, vcs, actor->pool);
}

rc_err_t *rc_transfer_before(rc_transfer_before_t **before, rc_actor_t *actor,
                             const rc_repo_t *repo)
{
    compare_t compare = {.pushed = {.actor = actor, .repo = repo}};

    RC_TRY(rc_actor_away(actor, note_state, &compare));
    *before = compare.now;
    return NULL;
}

rc_err_t *rc_transfer_received(const char **note, rc_actor_t *actor, const rc_repo_t *repo,
                               const rc_transfer_before_t *before)
{
    compare_t compare = {.pushed = {.actor = actor, .repo = repo}, .was = before};

    *note = NULL;
    RC_TRY(require_push(actor, repo));
    RC_TRY(rc_actor_away(actor, compare_state, &compare));
    return compare.pushed.words.journal ? keep_record(note, &compare.pushed) : NULL;
}
