// SPDX-License-Identifier: Apache-2.0
/*
 * The methods create_pull_request and update_pull_request (contract 09 §2).
 */
#include "../pull_request.h"

#include <string.h>

#include <apr_strings.h>

/* --- create --- */

typedef struct creating_t {
    rc_pull_creation_t request;
    bool invites; /* the reviewers are read: after the references are known to be right */
} creating_t;

/* Only super-admins create a pull request for somebody else. */
static rc_err_t *plan_author(const rc_user_t **author, rc_call_t *call)
{
    apr_int64_t own = call->actor.caller->user_id;
    rc_owner_t owner;
    rc_user_t *user;

    RC_TRY(rc_arg_owner(&owner, call));
    if (owner.sent && !call->actor.caller->admin && (!owner.user || owner.user->id != own))
        return rc_err(call->pool, RC_E_ARG, "Only RhodeCode super-admin can specify `owner` param");
    if (owner.sent && !owner.user)
        return rc_err(call->pool, RC_E_ARG, "user `%s` does not exist", owner.sent);
    *author = owner.user;
    if (*author)
        return NULL;
    RC_TRY(rc_store_user_by_id(&user, call->actor.db, own, call->pool));
    *author = user;
    return NULL;
}

static rc_err_t *plan_create(rc_call_t *call, void *baton)
{
    creating_t *creating = baton;
    rc_pull_creation_t *request = &creating->request;

    *request = (rc_pull_creation_t){
        .source = rc_arg_repo(call, RC_P_SOURCE_REPO),
        .target = rc_arg_repo(call, RC_P_TARGET_REPO),
        .source_ref = rc_arg_text(call, RC_P_SOURCE_REF),
        .target_ref = rc_arg_text(call, RC_P_TARGET_REF),
        .title = rc_arg_given_text(call, RC_P_TITLE),
        .description = rc_arg_given_text(call, RC_P_DESCRIPTION),
        .renderer = rc_arg_given_text(call, RC_P_DESCRIPTION_RENDERER),
    };
    RC_TRY(plan_author(&request->author, call));
    return creating->invites ? rc_pull_arg_reviewers(&request->reviewers, call) : NULL;
}

static rc_err_t *create_pull_request(rc_call_t *call, rc_json_t *out)
{
    creating_t creating = {.invites = false};
    rc_pull_request_t pull;

    RC_TRY(rc_pull_plan(call, plan_create, &creating));
    RC_TRY(rc_pull_offer(&pull, &call->actor, &creating.request));
    creating.invites = true;
    RC_TRY(rc_pull_plan(call, plan_create, &creating));
    RC_TRY(rc_pull_create(&pull, &call->actor, &creating.request));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg",
                          apr_psprintf(call->pool, "Created new pull request `%s`", pull.title));
    rc_json_member_int(out, "pull_request_id", pull.id);
    rc_json_object_end(out);
    return NULL;
}

/* --- update --- */

/* An empty argument changes nothing. */
static const char *not_empty(const char *text)
{
    return text && *text ? text : NULL;
}

static rc_err_t *plan_update(rc_call_t *call, void *baton)
{
    rc_pull_update_t *request = baton;

    *request = (rc_pull_update_t){
        .title = not_empty(rc_arg_given_text(call, RC_P_TITLE)),
        .description = not_empty(rc_arg_given_text(call, RC_P_DESCRIPTION)),
        .renderer = not_empty(rc_arg_given_text(call, RC_P_DESCRIPTION_RENDERER)),
        .commits = rc_arg_bool(call, RC_P_UPDATE_COMMITS),
        .close = rc_arg_bool(call, RC_P_CLOSE_PULL_REQUEST),
    };
    RC_TRY(rc_pull_arg(&request->act, call));
    RC_TRY(rc_pull_check_update(&call->actor, &request->act));
    RC_TRY(rc_pull_arg_reviewers(&request->reviewers, call));
    if (request->reviewers && !request->reviewers->nelts)
        request->reviewers = NULL;
    return NULL;
}

static void render_updated(rc_json_t *out, const rc_pull_updated_t *updated)
{
    rc_json_key(out, "updated_commits");
    rc_json_object_begin(out);
    rc_json_member_strings(out, "added", updated->added);
    rc_json_member_strings(out, "common", updated->common);
    rc_json_member_strings(out, "removed", updated->removed);
    rc_json_object_end(out);
    rc_json_key(out, "updated_reviewers");
    rc_json_object_begin(out);
    rc_json_member_strings(out, "added", updated->in);
    rc_json_member_strings(out, "removed", updated->out);
    rc_json_object_end(out);
}

typedef struct now_t {
    apr_int64_t id;
    rc_pull_request_t *pull;
} now_t;

static rc_err_t *read_now(rc_actor_t *actor, void *baton)
{
    now_t *now = baton;

    RC_TRY(rc_pull_find(&now->pull, actor, now->id));
    return now->pull ? NULL : rc_err_failed(actor->pool, "the pull request has gone");
}

static rc_err_t *update_pull_request(rc_call_t *call, rc_json_t *out)
{
    rc_pull_update_t request;
    rc_pull_updated_t updated;
    now_t now = {0};

    RC_TRY(rc_pull_plan(call, plan_update, &request));
    RC_TRY(rc_pull_update(&updated, &call->actor, &request));
    now.id = request.act.pull->id;
    RC_TRY(rc_actor_read(&call->actor, read_now, &now));
    rc_json_object_begin(out);
    rc_json_member_string(
        out, "msg",
        apr_psprintf(call->pool, "Updated pull request `%" APR_INT64_T_FMT "`", now.id));
    rc_json_key(out, "pull_request");
    RC_TRY(rc_render_pull_now(out, call, now.pull));
    render_updated(out, &updated);
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_pull_request_edit[] = {
    {"create_pull_request", create_pull_request, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_SOURCE_REPO, RC_REPO, RC_REQUIRED, RC_READ),
               RC_OBJECT(RC_P_TARGET_REPO, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_SOURCE_REF, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_TARGET_REF, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_TITLE, RC_TEXT, "''"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_DESCRIPTION_RENDERER, RC_TEXT, "None"),
               RC_ARG(RC_P_REVIEWERS, RC_ANY, "None"),
               RC_ARG(RC_P_OBSERVERS, RC_ANY, "None"),
               RC_ARG(RC_P_OWNER, RC_ANY, RC_CALLER)),
     "failed to create pull request", "Offer the commits of a branch to another branch."},
    {"update_pull_request", update_pull_request, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_PULL_PARAMS,
               RC_ARG(RC_P_TITLE, RC_TEXT, "''"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_DESCRIPTION_RENDERER, RC_TEXT, "None"),
               RC_ARG(RC_P_REVIEWERS, RC_ANY, "None"),
               RC_ARG(RC_P_OBSERVERS, RC_ANY, "None"),
               RC_ARG(RC_P_UPDATE_COMMITS, RC_BOOL, "None"),
               RC_ARG(RC_P_CLOSE_PULL_REQUEST, RC_BOOL, "None")),
     "failed to update pull request `{pullrequestid}`",
     "Change title, description, reviewers or commits of a pull request."},
    {.name = NULL},
};
/* clang-format on */
