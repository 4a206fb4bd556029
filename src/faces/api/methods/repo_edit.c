// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that change a repository and its extra fields: update_repo, add_field_to_repo and
 * remove_field_from_repo (contract 02 §5).
 */
#include "../method.h"

#include <apr_strings.h>

#include "base/text.h"
#include "domain/repo.h"
#include "domain/repo_change.h"

static rc_err_t *plan_group(rc_repo_update_t *update, rc_call_t *call)
{
    rc_repo_group_t *group;

    if (!rc_arg_given(call, RC_P_GROUP))
        return NULL;
    RC_TRY(rc_find_repo_group(&group, call, rc_arg_json(call, RC_P_GROUP)));
    update->group_sent = rc_arg_sent(call, RC_P_GROUP);
    update->group = group;
    return NULL;
}

static rc_err_t *plan_parent(rc_repo_update_t *update, rc_call_t *call)
{
    rc_repo_t *parent;

    if (!rc_arg_given(call, RC_P_FORK_OF))
        return NULL;
    RC_TRY(rc_find_repo(&parent, call, rc_arg_json(call, RC_P_FORK_OF)));
    update->parent_sent = rc_arg_sent(call, RC_P_FORK_OF);
    update->parent = parent;
    return NULL;
}

static rc_err_t *plan_update(rc_call_t *call, void *baton)
{
    rc_repo_update_t *update = baton;
    const char *path = rc_arg_given_text(call, RC_P_REPO_NAME);

    *update = (rc_repo_update_t){
        .repo = rc_arg_repo(call, RC_P_REPOID),
        .last = rc_arg_given_text(call, RC_P_NAME),
        .path = path ? rc_text_clean_path(path, call->pool) : NULL,
        .description = rc_arg_given_text(call, RC_P_DESCRIPTION),
        .landing_rev = rc_arg_given_text(call, RC_P_LANDING_REV),
        .has_uri = rc_arg_present(call, RC_P_CLONE_URI),
        .clone_uri = rc_arg_given_text(call, RC_P_CLONE_URI),
        .fields = rc_arg_given_text(call, RC_P_FIELDS),
        .private_ = rc_arg_flag(call, RC_P_PRIVATE),
        .enable_statistics = rc_arg_flag(call, RC_P_ENABLE_STATISTICS),
        .enable_locking = rc_arg_flag(call, RC_P_ENABLE_LOCKING),
        .enable_downloads = rc_arg_flag(call, RC_P_ENABLE_DOWNLOADS),
    };
    RC_TRY(plan_group(update, call));
    RC_TRY(plan_parent(update, call));
    return rc_arg_owner(&update->owner, call);
}

static rc_err_t *answer(rc_call_t *call, void *baton)
{
    const rc_repo_update_t *update = baton;
    apr_int64_t id = update->repo->id;
    rc_json_t *out = call->out;
    rc_repo_t *repo;

    RC_TRY(rc_store_repo_by_id(&repo, call->actor.db, rc_caller_viewer(call->actor.caller), id,
                               call->pool));
    rc_json_object_begin(out);
    rc_json_member_string(
        out, "msg",
        apr_psprintf(call->pool, "updated repo ID:%" APR_INT64_T_FMT " %s", id, repo->name));
    rc_json_key(out, "repository");
    RC_TRY(rc_render_repo(out, call, repo, false, call->pool));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *update_repo(rc_call_t *call, rc_json_t *out)
{
    rc_repo_update_t update;

    (void)out;
    RC_TRY(rc_call_plan(call, plan_update, &update));
    call->answer = answer;
    return rc_repo_update(&call->actor, &update);
}

/* --- fields --- */

static rc_err_t *plan_field(rc_call_t *call, void *baton)
{
    *(rc_field_t *)baton =
        (rc_field_t){rc_arg_repo(call, RC_P_REPOID), rc_arg_text(call, RC_P_KEY),
                     rc_has_param(call, RC_P_LABEL) ? rc_arg_text(call, RC_P_LABEL) : NULL,
                     rc_has_param(call, RC_P_LABEL) ? rc_arg_text(call, RC_P_DESCRIPTION) : NULL};
    return NULL;
}

static rc_err_t *add_field(rc_call_t *call, rc_json_t *out)
{
    rc_field_t field;
    rc_err_t *err;

    RC_TRY(rc_call_plan(call, plan_field, &field));
    err = rc_repo_field_add(&call->actor, &field);
    if (err && err->kind == RC_E_CONFLICT)
        return rc_err(call->pool, RC_E_ARG, "%s",
                      rc_call_text(call, "Field with key `{key}` exists for repo `{repoid}`"));
    RC_TRY(err);
    return rc_call_answer_success(out, call, "Added new repository field `{key}`");
}

static rc_err_t *remove_field(rc_call_t *call, rc_json_t *out)
{
    rc_field_t field;
    rc_err_t *err;

    RC_TRY(rc_call_plan(call, plan_field, &field));
    err = rc_repo_field_remove(&call->actor, &field);
    if (err && err->kind == RC_E_NOTFOUND)
        return rc_err(
            call->pool, RC_E_ARG, "%s",
            rc_call_text(call, "Field with key `{key}` does not exists for repo `{repoid}`"));
    RC_TRY(err);
    return rc_call_answer_success(out, call, "Deleted repository field `{key}`");
}

/* clang-format off */
const rc_method_t rc_methods_repo_edit[] = {
    {"update_repo", update_repo, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG(RC_P_NAME, RC_NAME, "None"),
               RC_ARG(RC_P_REPO_NAME, RC_NAME, "None"),
               RC_ARG(RC_P_OWNER, RC_ANY, "None"),
               RC_ARG(RC_P_GROUP, RC_ANY, "None"),
               RC_ARG(RC_P_FORK_OF, RC_ANY, "None"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "None"),
               RC_ARG(RC_P_PRIVATE, RC_BOOL, "None"),
               RC_ARG(RC_P_CLONE_URI, RC_TEXT, "None"),
               RC_ARG(RC_P_LANDING_REV, RC_TEXT, "None"),
               RC_ARG(RC_P_ENABLE_STATISTICS, RC_BOOL, "None"),
               RC_ARG(RC_P_ENABLE_LOCKING, RC_BOOL, "None"),
               RC_ARG(RC_P_ENABLE_DOWNLOADS, RC_BOOL, "None"),
               RC_ARG(RC_P_FIELDS, RC_TEXT, "None")),
     "failed to update repo `{repoid}`", "Change, rename or move a repository."},
    {"add_field_to_repo", add_field, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG(RC_P_KEY, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_LABEL, RC_TEXT, "''"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''")),
     "failed to create new field for repository `{repoid}`", "Add an extra field."},
    {"remove_field_from_repo", remove_field, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG(RC_P_KEY, RC_TEXT, RC_REQUIRED)),
     "failed to delete field for repository `{repoid}`", "Remove an extra field."},
    {.name = NULL},
};
/* clang-format on */
