// SPDX-License-Identifier: Apache-2.0
/*
 * Creates pull requests: finds what one offers, keeps it in the target, and stores the rows
 * (contract 09 §2). The commits are kept before the row exists, so that no pull request is without
 * its commits.
 */
#include "pull_request.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "domain/disk_transaction.h"

#define UNDER_REVIEW "under_review"
#define AUTO_COMMENT "Auto status change to Under Review"

/* --- references --- */

static rc_err_t *wrong_form(const char *sent, apr_pool_t *pool)
{
    return rc_err(pool, RC_E_ARG,
                  "Ref `%s` given in a wrong format. Please check the API documentation for more "
                  "details",
                  sent);
}

/* Splits "type:name" or "type:name:id". */
static rc_err_t *split_ref(rc_pull_side_t *side, const char *sent, apr_pool_t *pool)
{
    char *text = apr_pstrdup(pool, sent), *name = strchr(text, ':'), *id;

    if (!name)
        return wrong_form(sent, pool);
    *name++ = '\0';
    if ((id = strchr(name, ':')))
        *id++ = '\0';
    if (id && strchr(id, ':'))
        return wrong_form(sent, pool);
    side->type = text;
    side->name = name;
    side->id = id;
    return NULL;
}

/* Type and name must exist, with an id, too: the target would else be no branch, and the message of
 * the merge name anything. */
static rc_err_t *find_ref(rc_pull_side_t *side, rc_vcs_t *vcs, apr_pool_t *pool)
{
    const rc_capabilities_t *can = rc_vcs_can(vcs);
    const char *kind = rc_pull_ref_kind(side->type), *id = NULL;

    if (can->merges && (!strcmp(kind, "branch") || (can->bookmarks && !strcmp(kind, "bookmark"))))
        RC_TRY(rc_pull_ref(&id, vcs, side->type, side->name, pool));
    if (!id)
        return rc_err(pool, RC_E_ARG, "The specified %s `%s` does not exist", side->type,
                      side->name);
    if (!side->id)
        side->id = id;
    return NULL;
}

/* An id must be a full one of a commit that a branch or tag reaches. */
static rc_err_t *check_id(rc_pull_side_t *side, const char *sent, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_rev_t rev = {-1, NULL};

    if (strlen(side->id) == (apr_size_t)rc_vcs_can(vcs)->id_length)
        RC_TRY(rc_vcs_resolve(&rev, vcs, side->id, pool));
    if (!rev.id || strcasecmp(rev.id, side->id))
        return rc_err(pool, RC_E_ARG, "Ref `%s` does not exist", sent);
    side->id = rev.id;
    return NULL;
}

/* --- the offer --- */

typedef struct offering_t {
    rc_pull_request_t *pull;
    const rc_pull_creation_t *creation;
} offering_t;

static rc_err_t *find_refs(rc_actor_t *actor, const offering_t *offering)
{
    const rc_pull_creation_t *creation = offering->creation;
    rc_pull_side_t *source = &offering->pull->source, *target = &offering->pull->target;
    rc_vcs_t *from, *to;

    RC_TRY(split_ref(source, creation->source_ref, actor->pool));
    RC_TRY(rc_repo_open(&from, actor->env, creation->source, &actor->work, actor->pool));
    RC_TRY(find_ref(source, from, actor->pool));
    RC_TRY(split_ref(target, creation->target_ref, actor->pool));
    RC_TRY(rc_repo_open(&to, actor->env, creation->target, &actor->work, actor->pool));
    RC_TRY(find_ref(target, to, actor->pool));
    RC_TRY(check_id(source, creation->source_ref, from, actor->pool));
    return check_id(target, creation->target_ref, to, actor->pool);
}

static rc_err_t *find_offered(rc_actor_t *actor, const offering_t *offering)
{
    const rc_pull_creation_t *creation = offering->creation;
    rc_pull_request_t *pull = offering->pull;
    rc_offer_t offer = {
        .source_path = rc_env_repo_path(actor->env, creation->source->name, actor->pool),
        .target_path = rc_env_repo_path(actor->env, creation->target->name, actor->pool),
        .source_id = pull->source.id,
        .target_id = pull->target.id,
        .work = &actor->work};
    rc_offered_t offered;

    if (strcmp(creation->source->type, creation->target->type))
        return rc_err(actor->pool, RC_E_ARG, "no common ancestor found");
    RC_TRY(rc_work_dir(&offer.work_dir, actor->env, actor->pool));
    RC_TRY(rc_pull_offered(&offered, creation->target->type, &offer, actor->pool));
    if (!offered.commits->nelts)
        return rc_err(actor->pool, RC_E_ARG, "no commits found");
    if (!offered.base)
        return rc_err(actor->pool, RC_E_ARG, "no common ancestor found");
    pull->commits = offered.commits;
    return NULL;
}

static rc_err_t *make_offer(rc_actor_t *actor, void *baton)
{
    RC_TRY(find_refs(actor, baton));
    RC_TRY(rc_work_costly(&actor->work, actor->pool));
    return find_offered(actor, baton);
}

static rc_err_t *may_create(const rc_actor_t *actor, const rc_pull_creation_t *creation)
{
    RC_TRY(rc_actor_require_name(actor));
    RC_TRY(rc_actor_require(actor, creation->source->level, RC_READ));
    RC_TRY(rc_actor_require(actor, creation->target->level, RC_READ));
    return creation->author->id == actor->caller->user_id ? NULL : rc_actor_require_admin(actor);
}

rc_err_t *rc_pull_offer(rc_pull_request_t *pull, rc_actor_t *actor,
                        const rc_pull_creation_t *creation)
{
    offering_t offering = {pull, creation};

    *pull = (rc_pull_request_t){
        .source = {.repo_id = creation->source->id, .repo = creation->source->name},
        .target = {.repo_id = creation->target->id, .repo = creation->target->name}};
    RC_TRY(may_create(actor, creation));
    return rc_actor_away(actor, make_offer, &offering);
}

/* --- the rows --- */

static const char *make_title(const rc_pull_request_t *pull, apr_pool_t *pool)
{
    return apr_pstrcat(pool, pull->source.repo, "#", pull->source.name, " to ", pull->target.repo,
                       NULL);
}

static rc_err_t *invite(rc_actor_t *actor, const rc_pull_request_t *pull,
                        const apr_array_header_t *reviewers)
{
    int i;

    for (i = 0; reviewers && i < reviewers->nelts; i++) {
        const rc_pull_invited_t *one = &APR_ARRAY_IDX(reviewers, i, rc_pull_invited_t);

        RC_TRY(rc_store_pull_reviewer_set(actor->db, pull->id, one->user->id, one->reasons,
                                          one->mandatory));
    }
    return NULL;
}

static rc_err_t *check_same(const rc_actor_t *actor, const offering_t *offering)
{
    const rc_pull_creation_t *creation = offering->creation;
    const rc_pull_request_t *pull = offering->pull;

    if (creation->source->id == pull->source.repo_id &&
        creation->target->id == pull->target.repo_id)
        return NULL;
    return rc_err_failed(actor->pool, "a repository was replaced meanwhile");
}

static rc_err_t *insert_pull(rc_actor_t *actor, void *baton)
{
    const offering_t *offering = baton;
    const rc_pull_creation_t *creation = offering->creation;
    rc_pull_request_t *pull = offering->pull;
    const rc_pull_act_t act = {.pull = pull, .user = creation->author};
    apr_int64_t comment;

    RC_TRY(may_create(actor, creation));
    RC_TRY(check_same(actor, offering));
    pull->title =
        creation->title && *creation->title ? creation->title : make_title(pull, actor->pool);
    pull->description = creation->description ? creation->description : "";
    pull->renderer = creation->renderer;
    pull->author.user = creation->author;
    RC_TRY(rc_store_pull_insert(pull, actor->db));
    RC_TRY(invite(actor, pull, creation->reviewers));
    RC_TRY(rc_pull_say(&comment, actor, &act, AUTO_COMMENT, UNDER_REVIEW));
    return rc_pull_journal(actor, pull, "user_created_pull_request");
}

rc_err_t *rc_pull_create(rc_pull_request_t *pull, rc_actor_t *actor,
                         const rc_pull_creation_t *creation)
{
    offering_t offering = {pull, creation};
    rc_locks_t locks;
    rc_err_t *err;

    RC_TRY(rc_pull_keep(&locks, actor, pull, creation->target->type));
    if ((err = rc_actor_txn(actor, insert_pull, &offering)))
        rc_pull_unkeep(&locks, actor, pull, creation->target->type);
    return err;
}
