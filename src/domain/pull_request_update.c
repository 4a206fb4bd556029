// SPDX-License-Identifier: Apache-2.0
/*
 * Changes pull requests: texts, reviewers, and the commits that they offer, of which the earlier
 * ones become a version (contract 09 §2).
 */
#include "pull_request.h"

#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "domain/disk_transaction.h"

typedef struct updating_t {
    const rc_pull_update_t *request;
    rc_pull_updated_t *updated;
    rc_pull_request_t fresh; /* sides and commits that are offered now; commits NULL: unchanged */
    const char *base;        /* of these commits */
    rc_repo_t *source, *target;
    rc_locks_t locks; /* of both, when there are fresh commits */
} updating_t;

rc_err_t *rc_pull_check_update(const rc_actor_t *actor, const rc_pull_act_t *act)
{
    rc_level_t level;

    RC_TRY(rc_pull_level(&level, actor, act));
    if (!rc_pull_may_change(act, level))
        return rc_err(actor->pool, RC_E_ARG,
                      "pull request `%s` update failed, no permission to update.", act->sent);
    if (act->pull->closed)
        return rc_err(actor->pool, RC_E_ARG,
                      "pull request `%s` update failed, pull request is closed", act->sent);
    return NULL;
}

/* --- commits --- */

/* Adds those of @a ids to @a list that are in @a others, or that are not. */
static void select_ids(apr_array_header_t *list, const apr_array_header_t *ids,
                       const apr_array_header_t *others, bool in, apr_pool_t *pool)
{
    apr_hash_t *known = apr_hash_make(pool);
    int i;

    for (i = 0; i < others->nelts; i++)
        apr_hash_set(known, APR_ARRAY_IDX(others, i, const char *), APR_HASH_KEY_STRING, known);
    for (i = 0; i < ids->nelts; i++) {
        const char *id = APR_ARRAY_IDX(ids, i, const char *);

        if (in == (apr_hash_get(known, id, APR_HASH_KEY_STRING) != NULL))
            APR_ARRAY_PUSH(list, const char *) = id;
    }
}

/* The caller must be able to read the source: its commits become visible in the target. */
static rc_err_t *read_repos(rc_actor_t *actor, void *baton)
{
    updating_t *updating = baton;
    const rc_pull_request_t *pull = updating->request->act.pull;

    RC_TRY(rc_store_repo_seen_by_id(&updating->source, actor->db, rc_caller_viewer(actor->caller),
                                    pull->source.repo_id, actor->pool));
    return rc_pull_target(&updating->target, actor, pull);
}

static rc_err_t *find_heads(rc_offer_t *offer, rc_actor_t *actor, const updating_t *updating)
{
    const rc_pull_request_t *pull = updating->request->act.pull;
    rc_vcs_t *from, *to;

    RC_TRY(rc_repo_open(&from, actor->env, updating->source, &actor->work, actor->pool));
    RC_TRY(rc_pull_ref(&offer->source_id, from, pull->source.type, pull->source.name, actor->pool));
    RC_TRY(rc_repo_open(&to, actor->env, updating->target, &actor->work, actor->pool));
    RC_TRY(rc_pull_ref(&offer->target_id, to, pull->target.type, pull->target.name, actor->pool));
    if (!offer->target_id)
        offer->target_id = pull->target.id;
    return NULL;
}

/* Finds what the source's reference offers now, if it has moved. */
static rc_err_t *look_at_source(rc_actor_t *actor, void *baton)
{
    updating_t *updating = baton;
    const rc_pull_request_t *pull = updating->request->act.pull;
    rc_offer_t offer = {
        .source_path = rc_env_repo_path(actor->env, updating->source->name, actor->pool),
        .target_path = rc_env_repo_path(actor->env, updating->target->name, actor->pool),
        .work = &actor->work};
    rc_offered_t offered;

    RC_TRY(find_heads(&offer, actor, updating));
    if (!offer.source_id || !strcmp(offer.source_id, pull->source.id))
        return NULL;
    RC_TRY(rc_work_costly(&actor->work, actor->pool));
    RC_TRY(rc_work_dir(&offer.work_dir, actor->env, actor->pool));
    RC_TRY(rc_pull_offered(&offered, updating->target->type, &offer, actor->pool));
    if (!offered.commits->nelts || !offered.base)
        return NULL;
    updating->fresh = *pull;
    updating->fresh.source.repo = updating->source->name;
    updating->fresh.source.id = offer.source_id;
    updating->fresh.target.id = offer.target_id;
    updating->fresh.commits = offered.commits;
    updating->base = offered.base;
    return NULL;
}

static rc_err_t *find_fresh(rc_actor_t *actor, updating_t *updating)
{
    const rc_pull_request_t *pull = updating->request->act.pull;

    if (!updating->request->commits || !pull->source.repo_id)
        return NULL;
    RC_TRY(rc_actor_read(actor, read_repos, updating));
    if (updating->source)
        RC_TRY(rc_actor_away(actor, look_at_source, updating));
    if (!updating->base)
        return NULL;
    RC_TRY(rc_pull_keep(&updating->locks, actor, &updating->fresh, updating->target->type));
    updating->fresh.target.id = updating->base;
    return NULL;
}

static rc_err_t *renew_commits(rc_actor_t *actor, updating_t *updating)
{
    const rc_pull_act_t *act = &updating->request->act;
    const rc_pull_request_t *old = act->pull;
    rc_pull_updated_t *updated = updating->updated;
    const apr_array_header_t *commits = updating->fresh.commits;
    apr_int64_t comment;

    if (!commits || !strcmp(old->source.id, updating->fresh.source.id))
        return NULL;
    select_ids(updated->added, commits, old->commits, false, actor->pool);
    select_ids(updated->common, commits, old->commits, true, actor->pool);
    select_ids(updated->removed, old->commits, commits, false, actor->pool);
    RC_TRY(rc_store_pull_renew(actor->db, old, &updating->fresh, actor->pool));
    RC_TRY(rc_pull_say(&comment, actor, act,
                       apr_psprintf(actor->pool,
                                    "Pull request updated. Auto status change to Under Review\n\n"
                                    "%d commits added, %d removed",
                                    updated->added->nelts, updated->removed->nelts),
                       NULL));
    return rc_store_pull_set_status(actor->db, old, act->user->id, comment, "under_review", true);
}

/* --- texts and reviewers --- */

static const char *newer(const char *sent, const char *stored)
{
    return sent ? sent : stored;
}

static rc_err_t *renew_texts(rc_actor_t *actor, const rc_pull_update_t *request)
{
    rc_pull_request_t pull = *request->act.pull;

    pull.title = newer(request->title, pull.title);
    pull.description = newer(request->description, pull.description);
    pull.renderer = newer(request->renderer, pull.renderer);
    return rc_store_pull_update(actor->db, &pull);
}

static int by_bytes(const void *a, const void *b)
{
    return strcmp(*(const char *const *)a, *(const char *const *)b);
}

static void sort(apr_array_header_t *texts)
{
    qsort(texts->elts, (size_t)texts->nelts, sizeof(const char *), by_bytes);
}

static rc_err_t *add_reviewers(rc_actor_t *actor, updating_t *updating, apr_hash_t *known)
{
    const rc_pull_update_t *request = updating->request;
    int i;

    for (i = 0; i < request->reviewers->nelts; i++) {
        const rc_pull_invited_t *one = &APR_ARRAY_IDX(request->reviewers, i, rc_pull_invited_t);
        const char *name = one->user->username;

        RC_TRY(rc_store_pull_reviewer_set(actor->db, request->act.pull->id, one->user->id,
                                          one->reasons, one->mandatory));
        if (!apr_hash_get(known, name, APR_HASH_KEY_STRING))
            APR_ARRAY_PUSH(updating->updated->in, const char *) = name;
        apr_hash_set(known, name, APR_HASH_KEY_STRING, "stays");
    }
    return NULL;
}

static rc_err_t *renew_reviewers(rc_actor_t *actor, updating_t *updating)
{
    const rc_pull_update_t *request = updating->request;
    const rc_pull_request_t *pull = request->act.pull;
    apr_hash_t *known = apr_hash_make(actor->pool);
    int i;

    if (!request->reviewers)
        return NULL;
    for (i = 0; i < pull->reviewers->nelts; i++)
        apr_hash_set(known,
                     APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t).person.user->username,
                     APR_HASH_KEY_STRING, "was");
    RC_TRY(add_reviewers(actor, updating, known));
    for (i = 0; i < pull->reviewers->nelts; i++) {
        const rc_user_t *user = APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t).person.user;

        if (*(const char *)apr_hash_get(known, user->username, APR_HASH_KEY_STRING) != 'w')
            continue;
        RC_TRY(rc_store_pull_reviewer_remove(actor->db, pull->id, user->id));
        APR_ARRAY_PUSH(updating->updated->out, const char *) = user->username;
    }
    sort(updating->updated->in);
    sort(updating->updated->out);
    return NULL;
}

/* --- all of it --- */

static rc_err_t *close_rejected(rc_actor_t *actor, const rc_pull_update_t *request)
{
    apr_int64_t comment;

    RC_TRY(rc_pull_say(&comment, actor, &request->act, "Closing with Status change > Rejected",
                       "rejected"));
    RC_TRY(rc_store_pull_close(actor->db, request->act.pull->id));
    return rc_pull_journal(actor, request->act.pull, "user_closed_pull_request");
}

static void clear(rc_pull_updated_t *updated, apr_pool_t *pool)
{
    apr_array_header_t **lists[] = {&updated->added, &updated->common, &updated->removed,
                                    &updated->in, &updated->out};
    apr_size_t i;

    for (i = 0; i < sizeof(lists) / sizeof(*lists); i++)
        *lists[i] = apr_array_make(pool, 2, sizeof(const char *));
}

static rc_err_t *update(rc_actor_t *actor, void *baton)
{
    updating_t *updating = baton;
    const rc_pull_update_t *request = updating->request;

    clear(updating->updated, actor->pool);
    RC_TRY(rc_pull_check_update(actor, &request->act));
    RC_TRY(rc_pull_check_settled(actor, request->act.pull));
    RC_TRY(renew_texts(actor, request));
    RC_TRY(renew_reviewers(actor, updating));
    RC_TRY(renew_commits(actor, updating));
    RC_TRY(rc_pull_journal(actor, request->act.pull, "user_updated_pull_request"));
    return request->close ? close_rejected(actor, request) : NULL;
}

rc_err_t *rc_pull_update(rc_pull_updated_t *updated, rc_actor_t *actor,
                         const rc_pull_update_t *request)
{
    updating_t updating = {.request = request, .updated = updated};
    rc_err_t *err;
    bool closed;

    RC_TRY(rc_pull_check_update(actor, &request->act));
    if (request->act.pull->merge_rev)
        RC_TRY(rc_pull_settle(&closed, actor, request->act.pull));
    RC_TRY(find_fresh(actor, &updating));
    err = rc_actor_txn(actor, update, &updating);
    if (err && updating.base)
        rc_pull_unkeep(&updating.locks, actor, &updating.fresh, updating.target->type);
    return err;
}
