// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that comment, close and merge pull requests (contract 09 §2).
 */
#include "../comment.h"
#include "../pull_request.h"

/* Reads who acts on which pull request; returns E-repo when they have not the level @a least. */
static rc_err_t *plan_act(rc_pull_act_t *act, rc_call_t *call, rc_level_t least)
{
    rc_level_t level;

    RC_TRY(rc_pull_arg(act, call));
    RC_TRY(rc_pull_level(&level, &call->actor, act));
    return level < least ? rc_pull_no_repo(call, act->pull) : NULL;
}

/* --- close --- */

static rc_err_t *plan_close(rc_call_t *call, void *baton)
{
    rc_pull_closing_t *request = baton;

    request->message = rc_arg_given_text(call, RC_P_MESSAGE);
    return plan_act(&request->act, call, RC_NONE);
}

static rc_err_t *close_pull_request(rc_call_t *call, rc_json_t *out)
{
    rc_pull_closing_t request;

    RC_TRY(rc_pull_plan(call, plan_close, &request));
    RC_TRY(rc_pull_close(&call->actor, &request));
    rc_json_object_begin(out);
    rc_json_member_int(out, "pull_request_id", request.act.pull->id);
    rc_json_member_bool(out, "closed", true);
    rc_json_object_end(out);
    return NULL;
}

/* --- comment --- */

static rc_err_t *plan_comment(rc_call_t *call, void *baton)
{
    rc_pull_commenting_t *request = baton;

    *request = (rc_pull_commenting_t){
        .message = rc_arg_given_text(call, RC_P_MESSAGE),
        .vote = rc_arg_given_text(call, RC_P_STATUS),
        .commit_id = rc_arg_given_text(call, RC_P_COMMIT_ID),
        .f_path = rc_arg_given_text(call, RC_P_F_PATH),
        .line_no = rc_arg_given_text(call, RC_P_LINE_NO),
        .type = rc_arg_given_text(call, RC_P_COMMENT_TYPE),
    };
    RC_TRY(plan_act(&request->act, call, RC_READ));
    return rc_comment_arg_resolved(&request->resolves_id, call);
}

static rc_err_t *comment_pull_request(rc_call_t *call, rc_json_t *out)
{
    rc_pull_commenting_t request;
    apr_int64_t id;
    bool voted;

    RC_TRY(rc_pull_plan(call, plan_comment, &request));
    RC_TRY(rc_pull_comment(&id, &voted, &call->actor, &request));
    rc_json_object_begin(out);
    rc_json_member_int(out, "pull_request_id", request.act.pull->id);
    rc_json_member_int(out, "comment_id", id);
    rc_json_member_string(out, "status", request.vote);
    rc_json_object_end(out);
    return NULL;
}

/* --- merge --- */

static rc_err_t *plan_merge(rc_call_t *call, void *baton)
{
    return plan_act(baton, call, RC_WRITE);
}

static rc_err_t *merge_pull_request(rc_call_t *call, rc_json_t *out)
{
    rc_pull_merged_t merged;
    rc_pull_act_t act;

    RC_TRY(rc_pull_plan(call, plan_merge, &act));
    RC_TRY(rc_pull_merge(&merged, &call->actor, &act));
    rc_json_object_begin(out);
    rc_json_member_bool(out, "possible", merged.possible);
    rc_json_member_bool(out, "executed", merged.executed);
    rc_json_member_string(out, "merge_commit_id", merged.id);
    rc_json_member_int(out, "failure_reason", merged.reason);
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_pull_request_act[] = {
    {"close_pull_request", close_pull_request, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_PULL_PARAMS,
               RC_ARG(RC_P_USERID, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_MESSAGE, RC_TEXT, "''")),
     "failed to close pull request `{pullrequestid}`", "Close a pull request without a merge."},
    {"comment_pull_request", comment_pull_request, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_PULL_PARAMS,
               RC_ARG(RC_P_MESSAGE, RC_TEXT, "None"),
               RC_ARG(RC_P_STATUS, RC_TEXT, "None"),
               RC_ARG(RC_P_COMMIT_ID, RC_TEXT, "None"),
               RC_ARG(RC_P_COMMENT_TYPE, RC_TEXT, "'note'"),
               RC_ARG(RC_P_RESOLVES_COMMENT_ID, RC_ANY, "None"),
               RC_ARG(RC_P_F_PATH, RC_TEXT, "None"),
               RC_ARG(RC_P_LINE_NO, RC_TEXT, "None"),
               RC_ARG(RC_P_EXTRA_RECIPIENTS, RC_ANY, "None"),
               RC_ARG(RC_P_USERID, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_SEND_EMAIL, RC_ANY, "None")),
     "failed to comment pull request `{pullrequestid}`",
     "Comment on a pull request, and vote on it."},
    {"merge_pull_request", merge_pull_request, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_PULL_PARAMS,
               RC_ARG(RC_P_USERID, RC_ANY, RC_CALLER)),
     "failed to merge pull request `{pullrequestid}`", "Merge a pull request and close it."},
    {.name = NULL},
};
/* clang-format on */
