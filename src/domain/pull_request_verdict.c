// SPDX-License-Identifier: Apache-2.0
/*
 * Finds out whether pull requests can be merged. A verdict is stored with the two commits that it
 * is about, and tried again when one of them has changed. A list tries a limited number of merges;
 * what has no verdict then is "not_available", and gets one by the next calls.
 */
#include "pull_request.h"

#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/log.h"
#include "base/unconst.h"
#include "domain/disk_transaction.h"
#include "domain/repo_setting.h"

#define TRIES_OF_LIST 20 /* merges that one list tries */

#define CLOSED      "This pull request is closed."
#define DISABLED    "Server-side pull request merging is disabled."
#define UNSUPPORTED "Pull request merging is not supported."
#define UNTRIED     "not_available"

static rc_mergeable_t words(rc_merge_reason_t reason)
{
    static const char *const texts[] = {
        "This pull request can be automatically merged.",
        "This pull request cannot be merged because of an unhandled exception.",
        "This pull request cannot be merged because of conflicts.",
        "This pull request could not be merged because push to target failed.",
        "This pull request cannot be merged because the target is not a head.",
        "This pull request cannot be merged because the source contains more branches than the "
        "target.",
        "This pull request cannot be merged because the target has multiple heads.",
        "This pull request cannot be merged because the target repository is locked.",
        "This pull request cannot be merged because the target or the source reference is "
        "missing.",
    };

    if (reason == RC_MERGE_UNTRIED)
        return (rc_mergeable_t){false, UNTRIED};
    return (rc_mergeable_t){reason == RC_MERGE_POSSIBLE, texts[reason]};
}

/* --- one verdict --- */

typedef struct trial_t {
    const rc_pull_request_t *pull;
    rc_repo_t *target;
    bool enabled;
    rc_pull_verdict_t verdict; /* the result */
} trial_t;

static rc_err_t *read_target(rc_actor_t *actor, void *baton)
{
    trial_t *trial = baton;

    RC_TRY(rc_pull_target(&trial->target, actor, trial->pull));
    return rc_repo_may_merge(&trial->enabled, actor->db, trial->target->id, actor->pool);
}

static bool is_about(const rc_pull_verdict_t *verdict, const char *source, const char *target)
{
    return verdict->source && verdict->target && !strcmp(verdict->source, source) &&
           !strcmp(verdict->target, target);
}

/* No slot is free: the verdict stays unknown. What takes too long is no merge. */
static rc_err_t *try_merge(int *verdict, rc_actor_t *actor, const rc_repo_t *target,
                           const rc_merge_t *merge)
{
    rc_merge_reason_t reason = RC_MERGE_FAILED;
    rc_err_t *err = rc_work_costly(&actor->work, actor->pool);

    *verdict = RC_MERGE_UNTRIED;
    if (err && err->kind == RC_E_BUSY)
        return NULL;
    if (!err)
        err = rc_vcs_try_merge(&reason, target->type, merge, actor->pool);
    if (err && err->kind == RC_E_GONE)
        return err;
    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "merge in %s: %s", target->name,
               rc_err_log_text(err, actor->pool));
    *verdict = err ? RC_MERGE_FAILED : reason;
    return NULL;
}

/* Sets trial->verdict: from the stored one, or by trying. */
static rc_err_t *judge_pull(rc_actor_t *actor, void *baton)
{
    trial_t *trial = baton;
    const rc_pull_request_t *pull = trial->pull;
    rc_merge_t merge = {.path = rc_env_repo_path(actor->env, trial->target->name, actor->pool),
                        .kind = rc_pull_ref_kind(pull->target.type),
                        .name = pull->target.name,
                        .source = pull->source.id,
                        .work = &actor->work};
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, trial->target, &actor->work, actor->pool));
    RC_TRY(rc_pull_ref(&merge.target, vcs, pull->target.type, pull->target.name, actor->pool));
    trial->verdict = (rc_pull_verdict_t){RC_MERGE_MISSING, pull->source.id, merge.target};
    if (!merge.target)
        return NULL;
    if (is_about(&pull->verdict, pull->source.id, merge.target)) {
        trial->verdict.reason = pull->verdict.reason;
        return NULL;
    }
    RC_TRY(rc_work_dir(&merge.work_dir, actor->env, actor->pool));
    return try_merge(&trial->verdict.reason, actor, trial->target, &merge);
}

static bool is_lasting(const rc_pull_verdict_t *verdict)
{
    return verdict->target && verdict->reason != RC_MERGE_FAILED &&
           verdict->reason != RC_MERGE_UNTRIED;
}

static rc_err_t *store_verdict(void *baton, rc_db_t *db)
{
    const trial_t *trial = baton;

    return rc_store_pull_set_verdict(db, trial->pull->id, &trial->verdict);
}

/* A verdict that is not stored is found again by the next call. */
static void log_unstored(const rc_err_t *err, apr_pool_t *pool)
{
    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "a verdict is not stored: %s",
               rc_err_log_text(err, pool));
}

static void keep_verdict(rc_actor_t *actor, const trial_t *trial)
{
    if (is_lasting(&trial->verdict) &&
        !is_about(&trial->pull->verdict, trial->verdict.source, trial->verdict.target))
        log_unstored(rc_db_txn_lazy(actor->db, store_verdict, rc_unconst(trial)), actor->pool);
}

/* Returns what needs no trial: the text for the target; NULL: it must be tried. */
static const char *hindrance(const rc_repo_t *target, bool enabled)
{
    const rc_capabilities_t *type = rc_vcs_capabilities(target->type);

    if (!type || !type->merges)
        return UNSUPPORTED;
    if (!enabled)
        return DISABLED;
    return target->lock_user_id ? words(RC_MERGE_LOCKED).message : NULL;
}

rc_err_t *rc_pull_mergeable(rc_mergeable_t *mergeable, rc_actor_t *actor,
                            const rc_pull_request_t *pull)
{
    trial_t trial = {.pull = pull};
    bool closed = pull->closed;

    *mergeable = (rc_mergeable_t){false, CLOSED};
    if (!closed && pull->merge_rev)
        RC_TRY(rc_pull_settle(&closed, actor, pull));
    if (closed)
        return NULL;
    RC_TRY(rc_actor_read(actor, read_target, &trial));
    mergeable->message = hindrance(trial.target, trial.enabled);
    if (mergeable->message)
        return NULL;
    RC_TRY(rc_actor_away(actor, judge_pull, &trial));
    keep_verdict(actor, &trial);
    *mergeable = words((rc_merge_reason_t)trial.verdict.reason);
    return NULL;
}

/* --- lists --- */

struct rc_pull_merges_t {
    const char *message; /* of all; NULL: each has its own */
    const rc_repo_t *target;
    apr_hash_t *heads; /* "branch:name" -> full id */
    apr_hash_t *tried; /* id of the pull request -> trial_t */
    const apr_array_header_t *rows;
    const rc_pull_range_t *range;
    bool enabled;
    apr_pool_t *pool;
};

static rc_err_t *read_rows(rc_actor_t *actor, void *baton)
{
    rc_pull_merges_t *merges = baton;
    apr_array_header_t *rows;

    RC_TRY(rc_store_pull_heads(&rows, actor->db, merges->range, actor->pool));
    merges->rows = rows;
    return rc_repo_may_merge(&merges->enabled, actor->db, merges->target->id, actor->pool);
}

static const char *head_key(const char *type, const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, rc_pull_ref_kind(type), ":", name, NULL);
}

typedef struct heads_t {
    rc_pull_merges_t *merges;
    const char *type;
} heads_t;

static rc_err_t *take_head(void *baton, const char *name, const char *id)
{
    const heads_t *heads = baton;
    rc_pull_merges_t *merges = heads->merges;

    apr_hash_set(merges->heads, head_key(heads->type, name, merges->pool), APR_HASH_KEY_STRING,
                 apr_pstrdup(merges->pool, id));
    return NULL;
}

static const char *head_of(const rc_pull_merges_t *merges, const char *type, const char *name)
{
    return apr_hash_get(merges->heads, head_key(type, name, merges->pool), APR_HASH_KEY_STRING);
}

static rc_err_t *try_row(rc_pull_merges_t *merges, rc_actor_t *actor, const rc_pull_heads_t *row,
                         const char *head)
{
    rc_pull_request_t *pull = apr_pcalloc(merges->pool, sizeof(*pull));
    trial_t *trial = apr_pcalloc(merges->pool, sizeof(*trial));
    rc_merge_t merge = {.path = rc_env_repo_path(actor->env, merges->target->name, merges->pool),
                        .kind = rc_pull_ref_kind(row->type),
                        .name = row->name,
                        .target = head,
                        .source = row->source,
                        .work = &actor->work};

    pull->id = row->id;
    trial->pull = pull;
    trial->verdict = (rc_pull_verdict_t){RC_MERGE_UNTRIED, row->source, head};
    RC_TRY(rc_work_dir(&merge.work_dir, actor->env, merges->pool));
    RC_TRY(try_merge(&trial->verdict.reason, actor, merges->target, &merge));
    apr_hash_set(merges->tried, &pull->id, sizeof(pull->id), trial);
    return NULL;
}

static rc_err_t *try_rows(rc_actor_t *actor, void *baton)
{
    rc_pull_merges_t *merges = baton;
    heads_t branches = {merges, "branch"}, bookmarks = {merges, "bookmark"};
    int i, left = TRIES_OF_LIST;
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, actor->env, merges->target, &actor->work, actor->pool));
    RC_TRY(rc_vcs_refs(vcs, RC_BRANCHES, take_head, &branches));
    RC_TRY(rc_vcs_refs(vcs, RC_BOOKMARKS, take_head, &bookmarks));
    for (i = 0; i < merges->rows->nelts && left; i++) {
        const rc_pull_heads_t *row = &APR_ARRAY_IDX(merges->rows, i, rc_pull_heads_t);
        const char *head = head_of(merges, row->type, row->name);

        if (!head || is_about(&row->verdict, row->source, head))
            continue;
        RC_TRY(try_row(merges, actor, row, head));
        left--;
    }
    return NULL;
}

static rc_err_t *store_tried(void *baton, rc_db_t *db)
{
    const rc_pull_merges_t *merges = baton;
    apr_hash_index_t *at;

    for (at = apr_hash_first(merges->pool, merges->tried); at; at = apr_hash_next(at)) {
        const trial_t *trial = apr_hash_this_val(at);

        if (is_lasting(&trial->verdict))
            RC_TRY(rc_store_pull_set_verdict(db, trial->pull->id, &trial->verdict));
    }
    return NULL;
}

rc_err_t *rc_pull_merges(rc_pull_merges_t **out, rc_actor_t *actor, const rc_repo_t *repo,
                         const rc_pull_range_t *range)
{
    rc_pull_merges_t *merges = apr_pcalloc(actor->pool, sizeof(*merges));

    *out = merges;
    *merges = (rc_pull_merges_t){.target = repo,
                                 .heads = apr_hash_make(actor->pool),
                                 .tried = apr_hash_make(actor->pool),
                                 .range = range,
                                 .pool = actor->pool};
    if (range->closed) {
        merges->message = CLOSED;
        return NULL;
    }
    RC_TRY(rc_actor_read(actor, read_rows, merges));
    merges->message = hindrance(repo, merges->enabled);
    if (merges->message)
        return NULL;
    RC_TRY(rc_actor_away(actor, try_rows, merges));
    if (apr_hash_count(merges->tried))
        log_unstored(rc_db_txn_lazy(actor->db, store_tried, merges), actor->pool);
    return NULL;
}

rc_mergeable_t rc_pull_merge_known(const rc_pull_merges_t *merges, const rc_pull_request_t *pull)
{
    const trial_t *trial = apr_hash_get(merges->tried, &pull->id, sizeof(pull->id));
    const char *head;

    if (merges->message)
        return (rc_mergeable_t){false, merges->message};
    if (pull->closed)
        return (rc_mergeable_t){false, CLOSED};
    if (!(head = head_of(merges, pull->target.type, pull->target.name)))
        return words(RC_MERGE_MISSING);
    if (is_about(&pull->verdict, pull->source.id, head))
        return words((rc_merge_reason_t)pull->verdict.reason);
    if (trial && is_about(&trial->verdict, pull->source.id, head))
        return words((rc_merge_reason_t)trial->verdict.reason);
    return words(RC_MERGE_UNTRIED);
}
