// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a pull request as JSON: pr_obj (contract 09 §1).
 */
#include "pull_request.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/time.h"

/* A deleted author has a name only. */
static void render_person(rc_json_t *out, const rc_user_details_t *person)
{
    const rc_user_t *user = person->user;
    rc_json_object_begin(out);
    rc_json_member_int_or_null(out, "user_id", user->id);
    rc_json_member_string(out, "username", user->username);
    rc_json_member_string(out, "firstname", user->firstname);
    rc_json_member_string(out, "lastname", user->lastname);
    rc_json_member_string(out, "email", user->email);
    rc_json_member_strings(out, "emails", person->emails);
    rc_json_object_end(out);
}

static const char *url_of(const rc_call_t *call, const char *repo, apr_pool_t *pool)
{
    return apr_pstrcat(pool, call->request->base_url, "/", apr_pescape_path(pool, repo, 1), NULL);
}

/* A source that the caller may not read has no name; one that was deleted, no address. */
static void render_side(rc_json_t *out, const char *key, const rc_call_t *call,
                        const rc_pull_side_t *side, apr_pool_t *pool)
{
    rc_json_key(out, key);
    rc_json_object_begin(out);
    rc_json_member_string(out, "clone_url",
                          side->repo && side->repo_id ? url_of(call, side->repo, pool) : NULL);
    rc_json_member_string(out, "repository", side->repo);
    rc_json_key(out, "reference");
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", side->name);
    rc_json_member_string(out, "type", side->type);
    rc_json_member_string(out, "commit_id", side->id);
    rc_json_object_end(out);
    rc_json_object_end(out);
}

static void render_reasons(rc_json_t *out, const char *reasons)
{
    const char *end;

    rc_json_key(out, "reasons");
    rc_json_array_begin(out);
    for (; *reasons; reasons = *end ? end + 1 : end) {
        end = reasons + strcspn(reasons, "\n");
        rc_json_string_len(out, reasons, (apr_size_t)(end - reasons));
    }
    rc_json_array_end(out);
}

static void render_reviewers(rc_json_t *out, const rc_pull_request_t *pull)
{
    int i;

    rc_json_key(out, "reviewers");
    rc_json_array_begin(out);
    for (i = 0; i < pull->reviewers->nelts; i++) {
        const rc_pull_reviewer_t *one = &APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t);

        rc_json_object_begin(out);
        rc_json_key(out, "user");
        render_person(out, &one->person);
        rc_json_member_string(out, "review_status", one->vote ? one->vote : "not_reviewed");
        render_reasons(out, one->reasons);
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
}

static void render_mergeable(rc_json_t *out, const rc_mergeable_t *mergeable)
{
    rc_json_key(out, "mergeable");
    rc_json_object_begin(out);
    rc_json_member_bool(out, "status", mergeable->possible);
    rc_json_member_string(out, "message", mergeable->message);
    rc_json_object_end(out);
}

static void render_merge(rc_json_t *out, const rc_call_t *call, const rc_pull_request_t *pull,
                         apr_pool_t *pool)
{
    rc_json_key(out, "merge");
    rc_json_object_begin(out);
    rc_json_member_string(out, "clone_url", url_of(call, pull->target.repo, pool));
    rc_json_member_null(out, "reference");
    rc_json_object_end(out);
}

rc_err_t *rc_render_pull(rc_json_t *out, const rc_call_t *call, const rc_pull_request_t *pull,
                         const rc_mergeable_t *mergeable, apr_pool_t *pool)
{
    rc_json_object_begin(out);
    rc_json_member_int(out, "pull_request_id", pull->id);
    rc_json_member_string(out, "url",
                          apr_psprintf(pool, "%s/pull-request/%" APR_INT64_T_FMT,
                                       url_of(call, pull->target.repo, pool), pull->id));
    rc_json_member_string(out, "title", pull->title);
    rc_json_member_string(out, "description", pull->description);
    rc_json_member_string(out, "status", pull->closed ? "closed" : "new");
    rc_json_member_string(out, "created_on", rc_time_local(pull->created_on, pool));
    rc_json_member_string(out, "updated_on", rc_time_local(pull->updated_on, pool));
    rc_json_member_strings(out, "commit_ids", pull->commits);
    rc_json_member_string(out, "review_status", rc_pull_review_status(pull));
    render_mergeable(out, mergeable);
    render_side(out, "source", call, &pull->source, pool);
    render_side(out, "target", call, &pull->target, pool);
    rc_json_key(out, "author");
    render_person(out, &pull->author);
    render_reviewers(out, pull);
    rc_json_member_string(out, "state", "created");
    rc_json_member_int(out, "versions", pull->versions);
    render_merge(out, call, pull, pool);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

/* --- one pull request, as it is now --- */

typedef struct now_t {
    apr_int64_t id;
    rc_pull_request_t *pull;
} now_t;

static rc_err_t *read_now(rc_actor_t *actor, void *baton)
{
    now_t *now = baton;

    return rc_pull_find(&now->pull, actor, now->id);
}

rc_err_t *rc_render_pull_now(rc_json_t *out, rc_call_t *call, const rc_pull_request_t *pull)
{
    rc_mergeable_t mergeable = {false, "not_available"};
    now_t now = {pull->id, NULL};

    if (!rc_has_param(call, RC_P_MERGE_STATE) || rc_arg_bool(call, RC_P_MERGE_STATE))
        RC_TRY(rc_pull_mergeable(&mergeable, &call->actor, pull));
    RC_TRY(rc_actor_read(&call->actor, read_now, &now));
    if (!now.pull)
        return rc_err_failed(call->pool, "the pull request has gone");
    return rc_render_pull(out, call, now.pull, &mergeable, call->pool);
}
