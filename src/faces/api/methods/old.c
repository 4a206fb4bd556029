// SPDX-License-Identifier: Apache-2.0
/*
 * The methods of the 1.2 dialect, which is that of requests without id (contract 02 §9), and
 * create_users_group in both dialects.
 */
#include "../method.h"

#include <apr_strings.h>

#include "domain/account.h"
#include "domain/repo_sync.h"

/* Answers callers who may not read the repository that it is unknown, and readers that the access
 * is denied. */
static rc_err_t *pull(rc_call_t *call, rc_json_t *out)
{
    const char *sent = rc_arg_sent(call, RC_P_REPOID);
    rc_repo_t *repo;

    RC_TRY(rc_find_repo(&repo, call, rc_arg_json(call, RC_P_REPOID)));
    if (!repo)
        return rc_err(call->pool, RC_E_ARG, "Unknown repo \"%s\"", sent);
    RC_TRY(rc_repo_pull(&call->actor, repo, NULL));
    rc_json_string(out, apr_psprintf(call->pool, "Pulled from %s", sent));
    return NULL;
}

/* Plans a create_user_group without description and owner. */
static rc_err_t *plan_group(rc_call_t *call, void *baton)
{
    rc_param_id_t name = rc_has_param(call, RC_P_GROUP_NAME) ? RC_P_GROUP_NAME : RC_P_NAME;

    *(rc_user_group_creation_t *)baton = (rc_user_group_creation_t){
        .name = rc_arg_text(call, name),
        .description = "",
        .active = rc_arg_bool(call, RC_P_ACTIVE),
    };
    return NULL;
}

/* Creates the group. A violation of the unique constraint also becomes "already exist". */
static rc_err_t *new_group(rc_user_group_creation_t *group, rc_call_t *call)
{
    rc_err_t *err;

    RC_TRY(rc_call_plan(call, plan_group, group));
    err = rc_user_group_create(&call->actor, group);
    if (err && err->kind == RC_E_CONFLICT)
        return rc_err(call->pool, RC_E_ARG, "user group `%s` already exist", group->name);
    return err;
}

static void answer_id(rc_json_t *out, apr_int64_t id, const char *msg)
{
    rc_json_member_int(out, "id", id);
    rc_json_member_string(out, "msg", msg);
}

static rc_err_t *create_users_group_old(rc_call_t *call, rc_json_t *out)
{
    rc_user_group_creation_t group;

    RC_TRY(new_group(&group, call));
    rc_json_object_begin(out);
    answer_id(out, group.id, apr_psprintf(call->pool, "created new users group %s", group.name));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *create_users_group(rc_call_t *call, rc_json_t *out)
{
    rc_user_group_creation_t made;
    rc_user_group_t group;

    RC_TRY(new_group(&made, call));
    group = (rc_user_group_t){.id = made.id,
                              .name = made.name,
                              .owner_id = call->actor.caller->user_id,
                              .owner = call->actor.caller->username,
                              .description = "",
                              .active = made.active};
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg",
                          apr_psprintf(call->pool, "created new users group `%s`", group.name));
    rc_json_key(out, "users_group");
    RC_TRY(rc_render_user_group(out, call, &group, RC_KEYS_MASKED, false));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *plan_user(rc_call_t *call, void *baton)
{
    rc_user_creation_t *creation = baton;
    const char *password = rc_arg_text(call, RC_P_PASSWORD);

    creation->password = *password ? password : NULL;
    creation->user = (rc_new_user_t){
        .username = rc_arg_text(call, RC_P_USERNAME),
        .email = rc_arg_text(call, RC_P_EMAIL),
        .firstname =
            rc_arg_text(call, rc_arg_given(call, RC_P_FIRSTNAME) ? RC_P_FIRSTNAME : RC_P_NAME),
        .lastname = rc_arg_text(call, RC_P_LASTNAME),
        .active = rc_arg_bool(call, RC_P_ACTIVE),
        .admin = rc_arg_bool(call, RC_P_ADMIN),
    };
    return NULL;
}

static rc_err_t *missing(rc_call_t *call, rc_param_id_t id)
{
    return rc_err(call->pool, RC_E_ARG, "Missing non optional `%s` arg in JSON DATA",
                  rc_param_name(id));
}

/* The documentation of RhodeCode 1.2 says create_user where it means create_users_group: a call
 * with a name but without username and email creates a user group. */
static rc_err_t *create_user_old(rc_call_t *call, rc_json_t *out)
{
    rc_user_creation_t creation;
    const rc_user_t *user;
    rc_err_t *err;

    if (rc_arg_present(call, RC_P_NAME) && !rc_arg_present(call, RC_P_USERNAME) &&
        !rc_arg_present(call, RC_P_EMAIL))
        return create_users_group_old(call, out);
    if (!rc_arg_present(call, RC_P_USERNAME))
        return missing(call, RC_P_USERNAME);
    if (!rc_arg_present(call, RC_P_EMAIL))
        return missing(call, RC_P_EMAIL);
    RC_TRY(rc_call_plan(call, plan_user, &creation));
    if ((err = rc_user_create(&call->actor, &creation)) && err->kind == RC_E_CONFLICT && err->msg)
        err->kind = RC_E_ARG;
    RC_TRY(err);
    user = creation.made;
    rc_json_object_begin(out);
    answer_id(out, user->id, apr_psprintf(call->pool, "created new user %s", user->username));
    rc_json_key(out, "user");
    RC_TRY(rc_render_user(out, call, user, rc_call_own_keys(call)));
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_old[] = {
    {"pull", pull, RC_ANYONE, RC_ALONE | RC_OLD,
     RC_PARAMS({.id = RC_P_REPOID, .type = RC_ANY, .def = RC_REQUIRED, .alias = "repo"}),
     "Unable to pull changes from \"{repoid}\"", "Fetch from the repository's clone_uri (1.2)."},
    {"create_user", create_user_old, RC_ADMINS, RC_ALONE | RC_OLD,
     RC_PARAMS(RC_ARG(RC_P_USERNAME, RC_TEXT, "''"),
               RC_ARG(RC_P_PASSWORD, RC_TEXT, "''"),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "True"),
               RC_ARG(RC_P_ADMIN, RC_BOOL, "False"),
               RC_ARG(RC_P_NAME, RC_TEXT, "''"),
               RC_ARG(RC_P_FIRSTNAME, RC_TEXT, "''"),
               RC_ARG(RC_P_LASTNAME, RC_TEXT, "''"),
               RC_ARG(RC_P_EMAIL, RC_TEXT, "''")),
     "failed to create user {username}", "Create a user (1.2)."},
    {"create_users_group", create_users_group_old, RC_ADMINS, RC_ALONE | RC_OLD,
     RC_PARAMS(RC_ARG(RC_P_NAME, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "True")),
     "failed to create group {name}", "Create a user group (1.2)."},
    {"create_users_group", create_users_group, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_GROUP_NAME, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "True")),
     "failed to create group `{group_name}`", "Create a user group (old name)."},
    {.name = NULL},
};
/* clang-format on */
