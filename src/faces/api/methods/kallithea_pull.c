// SPDX-License-Identifier: Apache-2.0
/*
 * Kallithea's methods for pull requests: get_pullrequest and comment_pullrequest (contract 02 §10).
 */
#include "../pull_request.h"

#include <string.h>

#include <apr_escape.h>
#include <apr_strings.h>

#include "base/time.h"

static rc_err_t *find_pull(rc_pull_request_t **pull, rc_call_t *call, rc_param_id_t arg)
{
    apr_int64_t id;

    *pull = NULL;
    if (rc_value_id(&id, rc_arg_json(call, arg), true))
        RC_TRY(rc_pull_find(pull, &call->actor, id));
    return *pull ? NULL
                 : rc_err(call->pool, RC_E_ARG, "pull request `%s` does not exist",
                          rc_arg_sent(call, arg));
}

/* --- get_pullrequest --- */

/* The newest vote of a user. */
typedef struct vote_t {
    const char *username, *status;
    apr_int64_t created_on;
} vote_t;

typedef struct votes_t {
    rc_json_t *out;
    apr_array_header_t *votes; /* vote_t, the oldest first */
} votes_t;

static void take_vote(apr_array_header_t *votes, const rc_repo_comment_t *row)
{
    vote_t *list = (vote_t *)votes->elts;
    int i = 0;

    while (i < votes->nelts && strcmp(list[i].username, row->author->username))
        i++;
    if (i < votes->nelts) {
        memmove(&list[i], &list[i + 1], (size_t)(votes->nelts - i - 1) * sizeof(*list));
        votes->nelts--;
    }
    APR_ARRAY_PUSH(votes, vote_t) =
        (vote_t){apr_pstrdup(votes->pool, row->author->username),
                 apr_pstrdup(votes->pool, row->status), row->created_on};
}

static rc_err_t *write_comment(void *baton, const rc_repo_comment_t *row, apr_pool_t *scratch)
{
    const votes_t *votes = baton;
    rc_json_t *out = votes->out;

    if (row->status)
        take_vote(votes->votes, row);
    rc_json_object_begin(out);
    rc_json_member_int(out, "comment_id", row->id);
    rc_json_member_string(out, "username", row->author->username);
    rc_json_member_string(out, "text", row->message);
    rc_json_member_string(out, "created_on", rc_time_local(row->created_on, scratch));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *write_comments(rc_json_t *out, rc_call_t *call, const rc_pull_request_t *pull)
{
    votes_t votes = {out, apr_array_make(call->pool, 4, sizeof(vote_t))};
    int i;

    rc_json_key(out, "comments");
    rc_json_array_begin(out);
    RC_TRY(
        rc_store_pull_comments_each(call->actor.db, pull->id, write_comment, &votes, call->pool));
    rc_json_array_end(out);
    rc_json_key(out, "statuses");
    rc_json_array_begin(out);
    for (i = 0; i < votes.votes->nelts; i++) {
        const vote_t *vote = &APR_ARRAY_IDX(votes.votes, i, vote_t);

        rc_json_object_begin(out);
        rc_json_member_string(out, "status", vote->status);
        rc_json_member_string(out, "reviewer", vote->username);
        rc_json_member_string(out, "modified_at", rc_time_local(vote->created_on, call->pool));
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
    return NULL;
}

static const char *url_of(const rc_call_t *call, const char *repo)
{
    return apr_pstrcat(call->pool, call->request->base_url, "/",
                       apr_pescape_path(call->pool, repo, 1), NULL);
}

static void write_ref(rc_json_t *out, const char *key, const rc_pull_side_t *side)
{
    rc_json_key(out, key);
    rc_json_array_begin(out);
    rc_json_string(out, side->type);
    rc_json_string(out, side->name);
    rc_json_string(out, side->id);
    rc_json_array_end(out);
}

static void write_main(rc_json_t *out, const rc_call_t *call, const rc_pull_request_t *pull)
{
    const rc_pull_side_t *source = &pull->source;

    rc_json_member_int(out, "pull_request_id", pull->id);
    rc_json_member_string(out, "url",
                          apr_psprintf(call->pool, "%s/pull-request/%" APR_INT64_T_FMT,
                                       url_of(call, pull->target.repo), pull->id));
    rc_json_member_string(out, "title", pull->title);
    rc_json_member_string(out, "description", pull->description);
    rc_json_member_string(out, "status", pull->closed ? "closed" : "new");
    rc_json_member_string(out, "owner", pull->author.user->username);
    rc_json_member_string(out, "org_repo_url",
                          source->repo && source->repo_id ? url_of(call, source->repo) : NULL);
    write_ref(out, "org_ref_parts", source);
    write_ref(out, "other_ref_parts", &pull->target);
    rc_json_member_string(out, "created_on", rc_time_local(pull->created_on, call->pool));
    rc_json_member_string(out, "updated_on", rc_time_local(pull->updated_on, call->pool));
}

static void write_lists(rc_json_t *out, const rc_pull_request_t *pull)
{
    int i;

    rc_json_key(out, "reviewers");
    rc_json_array_begin(out);
    for (i = 0; i < pull->reviewers->nelts; i++) {
        rc_json_object_begin(out);
        rc_json_member_string(
            out, "username",
            APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t).person.user->username);
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
    rc_json_member_strings(out, "revisions", pull->commits);
}

static rc_err_t *get_pullrequest(rc_call_t *call, rc_json_t *out)
{
    rc_pull_request_t *pull;

    RC_TRY(find_pull(&pull, call, RC_P_PULLREQUEST_ID));
    rc_json_object_begin(out);
    write_main(out, call, pull);
    write_lists(out, pull);
    RC_TRY(write_comments(out, call, pull));
    rc_json_object_end(out);
    return NULL;
}

/* --- comment_pullrequest --- */

static rc_err_t *check_rights(rc_call_t *call, const rc_pull_commenting_t *request)
{
    const rc_pull_act_t *act = &request->act;
    bool may = act->pull->level >= RC_WRITE || act->user->id == act->pull->author.user->id;

    if (rc_arg_bool(call, RC_P_CLOSE_PR) && !may)
        return rc_err(call->pool, RC_E_ARG,
                      "No permission to close pull request. User needs to be admin or owner.");
    if (request->vote && *request->vote && !may && !rc_pull_is_reviewer(act->pull, act->user->id))
        return rc_err(call->pool, RC_E_ARG,
                      "No permission to change pull request status. User needs to be admin, owner "
                      "or reviewer.");
    if (act->pull->closed)
        return rc_err(call->pool, RC_E_ARG, "pull request is already closed");
    return NULL;
}

static rc_err_t *plan_comment(rc_call_t *call, void *baton)
{
    rc_pull_commenting_t *request = baton;
    rc_pull_request_t *pull;
    rc_user_t *user;

    RC_TRY(find_pull(&pull, call, RC_P_PULL_REQUEST_ID));
    RC_TRY(rc_store_user_by_id(&user, call->actor.db, call->actor.caller->user_id, call->pool));
    *request = (rc_pull_commenting_t){
        .act = {pull, user, rc_arg_sent(call, RC_P_PULL_REQUEST_ID)},
        .message = rc_arg_given_text(call, RC_P_COMMENT_MSG),
        .vote = rc_arg_given_text(call, RC_P_STATUS),
    };
    return check_rights(call, request);
}

static rc_err_t *plan_close(rc_call_t *call, void *baton)
{
    rc_pull_closing_t *request = baton;
    rc_pull_commenting_t commenting;

    RC_TRY(plan_comment(call, &commenting));
    request->act = commenting.act;
    return NULL;
}

/* A comment and a vote are stored first; without a vote they are closed together. */
static rc_err_t *comment_pullrequest(rc_call_t *call, rc_json_t *out)
{
    const char *vote = rc_arg_given_text(call, RC_P_STATUS);
    rc_pull_commenting_t request;
    rc_pull_closing_t closing = {.message = NULL};
    apr_int64_t id;
    bool voted, closes = rc_arg_bool(call, RC_P_CLOSE_PR), votes = vote && *vote;

    RC_TRY(rc_pull_plan(call, plan_comment, &request));
    if (votes || !closes)
        RC_TRY(rc_pull_comment(&id, &voted, &call->actor, &request));
    else
        closing.message = request.message;
    if (closes) {
        RC_TRY(rc_pull_plan(call, plan_close, &closing));
        RC_TRY(rc_pull_close(&call->actor, &closing));
    }
    rc_json_bool(out, true);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_kallithea_pull[] = {
    {"get_pullrequest", get_pullrequest, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_PULLREQUEST_ID, RC_ANY, RC_REQUIRED)),
     NULL, "Describe one pull request (Kallithea)."},
    {"comment_pullrequest", comment_pullrequest, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_PULL_REQUEST_ID, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_COMMENT_MSG, RC_TEXT, "''"),
               RC_ARG(RC_P_STATUS, RC_TEXT, "None"),
               RC_ARG(RC_P_CLOSE_PR, RC_BOOL, "False")),
     "failed to comment pull request `{pull_request_id}`",
     "Comment on a pull request, vote on it or close it (Kallithea)."},
    {.name = NULL},
};
/* clang-format on */
