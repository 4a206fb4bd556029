// SPDX-License-Identifier: Apache-2.0
/*
 * Kallithea's methods for pull requests: get_pullrequest, comment_pullrequest and edit_reviewers
 * (contract 02 §10).
 */
#include "../pull_request.h"

#include <string.h>

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

static rc_err_t *get_pullrequest(rc_call_t *call, rc_json_t *out)
{
    rc_pull_request_t *pull;

    RC_TRY(find_pull(&pull, call, RC_P_PULLREQUEST_ID));
    return rc_render_kallithea_pull(out, call, pull, call->pool);
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

/* --- edit_reviewers --- */

typedef struct editing_t {
    rc_pull_update_t request; /* its reviewers: all that there shall be */
    /* names of those to be added who are no reviewers, who are, and of those to be removed, who may
     * be none */
    apr_array_header_t *added, *present, *removed;
} editing_t;

static rc_err_t *check_may_edit(const rc_call_t *call, const rc_pull_act_t *act)
{
    if (act->pull->level < RC_WRITE && act->user->id != act->pull->author.user->id)
        return rc_err(call->pool, RC_E_ARG,
                      "No permission to edit reviewers of this pull request. User needs to be "
                      "admin or pull request owner.");
    if (act->pull->closed)
        return rc_err(call->pool, RC_E_ARG, "Cannot edit reviewers of a closed pull request.");
    return NULL;
}

/* Appends those of @a users that @a but does not have. */
static void append_but(apr_array_header_t *list, const apr_array_header_t *users,
                       const apr_array_header_t *but)
{
    int i;

    for (i = 0; i < users->nelts; i++) {
        const rc_pull_invited_t *one = &APR_ARRAY_IDX(users, i, rc_pull_invited_t);

        if (!rc_pull_is_invited(list, one->user) && !rc_pull_is_invited(but, one->user))
            APR_ARRAY_PUSH(list, rc_pull_invited_t) = *one;
    }
}

/* Notes the names for the answer, as Kallithea chooses them: who is to be removed was perhaps no
 * reviewer, or is to be added, too. */
static void note_names(editing_t *editing, const apr_array_header_t *add,
                       const apr_array_header_t *remove, apr_pool_t *pool)
{
    int i;

    editing->added = apr_array_make(pool, 4, sizeof(const char *));
    editing->present = apr_array_make(pool, 4, sizeof(const char *));
    editing->removed = apr_array_make(pool, 4, sizeof(const char *));
    for (i = 0; i < add->nelts; i++) {
        const rc_user_t *user = APR_ARRAY_IDX(add, i, rc_pull_invited_t).user;
        bool is = rc_pull_is_reviewer(editing->request.act.pull, user->id);

        APR_ARRAY_PUSH(is ? editing->present : editing->added, const char *) = user->username;
    }
    for (i = 0; i < remove->nelts; i++)
        APR_ARRAY_PUSH(editing->removed, const char *) =
            APR_ARRAY_IDX(remove, i, rc_pull_invited_t).user->username;
}

/* Who reviews already keeps reasons, and whether the review is required. */
static apr_array_header_t *current_reviewers(const rc_pull_request_t *pull, apr_pool_t *pool)
{
    apr_array_header_t *list = apr_array_make(pool, 4, sizeof(rc_pull_invited_t));
    int i;

    for (i = 0; i < pull->reviewers->nelts; i++) {
        const rc_pull_reviewer_t *row = &APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t);

        APR_ARRAY_PUSH(list, rc_pull_invited_t) =
            (rc_pull_invited_t){row->person.user, row->reasons, row->mandatory};
    }
    return list;
}

static rc_err_t *plan_edit(rc_call_t *call, void *baton)
{
    json_object *added = rc_arg_json(call, RC_P_ADD), *removed = rc_arg_json(call, RC_P_REMOVE);
    editing_t *editing = baton;
    apr_array_header_t *add, *remove, *list;
    rc_pull_request_t *pull;
    rc_user_t *user;

    if (!added && !removed)
        return rc_arg_fault(call,
                            rc_err(call->pool, RC_E_ARG,
                                   "Invalid request. Neither 'add' nor 'remove' is specified."));
    RC_TRY(find_pull(&pull, call, RC_P_PULL_REQUEST_ID));
    RC_TRY(rc_store_user_by_id(&user, call->actor.db, call->actor.caller->user_id, call->pool));
    list = apr_array_make(call->pool, 4, sizeof(rc_pull_invited_t));
    editing->request = (rc_pull_update_t){
        .act = {pull, user, rc_arg_sent(call, RC_P_PULL_REQUEST_ID)}, .reviewers = list};
    RC_TRY(check_may_edit(call, &editing->request.act));
    RC_TRY(rc_pull_read_reviewers(&add, call, added));
    RC_TRY(rc_pull_read_reviewers(&remove, call, removed));
    note_names(editing, add, remove, call->pool);
    append_but(list, current_reviewers(pull, call->pool), remove);
    append_but(list, add, remove);
    return rc_pull_check_reviewers((apr_size_t)list->nelts, call->pool);
}

static rc_err_t *edit_reviewers(rc_call_t *call, rc_json_t *out)
{
    rc_pull_updated_t updated;
    editing_t editing;

    RC_TRY(rc_pull_plan(call, plan_edit, &editing));
    RC_TRY(rc_pull_update(&updated, &call->actor, &editing.request));
    rc_json_object_begin(out);
    rc_json_member_strings(out, "added", editing.added);
    rc_json_member_strings(out, "already_present", editing.present);
    rc_json_member_strings(out, "removed", editing.removed);
    rc_json_object_end(out);
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
    {"edit_reviewers", edit_reviewers, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_PULL_REQUEST_ID, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_ADD, RC_ANY, "None"),
               RC_ARG(RC_P_REMOVE, RC_ANY, "None")),
     "failed to edit reviewers of pull request `{pull_request_id}`",
     "Add reviewers to a pull request, and remove some (Kallithea)."},
    {.name = NULL},
};
/* clang-format on */
