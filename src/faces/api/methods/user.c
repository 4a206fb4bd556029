// SPDX-License-Identifier: Apache-2.0
/*
 * The methods for users: get, list, create, update, delete (contract 02 §3).
 */
#include "../list.h"

#include <apr_strings.h>

#include "domain/account.h"
#include "store/rule.h"

typedef struct levels_t {
    rc_json_t *out;
    rc_kind_t kind;
    bool none; /* include objects that the user may not read */
} levels_t;

static rc_err_t *write_level(void *baton, const char *name, rc_level_t level)
{
    const levels_t *levels = baton;

    if (!level && !levels->none)
        return NULL;
    rc_json_key_text(levels->out, name);
    rc_json_string(levels->out, rc_permission_name(levels->kind, level));
    return levels->out->err;
}

static rc_err_t *write_globals(rc_json_t *out, rc_call_t *call, const rc_user_t *user)
{
    apr_array_header_t *names;
    names = apr_array_make(call->pool, 1, sizeof(const char *));
    if (!rc_caller_is_scoped(call->actor.caller))
        RC_TRY(rc_rule_global_names(&names, call->actor.db, user->id, user->admin, call->pool));
    rc_json_member_strings(out, "global", names);
    return NULL;
}

/* Names of objects that the user may not read are shown to super-admins only. */
static rc_err_t *write_permissions(rc_json_t *out, rc_call_t *call, const rc_user_t *user)
{
    static const struct {
        const char *key;
        rc_kind_t kind;
    } parts[] = {
        {"repositories", RC_KIND_REPO},
        {"repositories_groups", RC_KIND_REPO_GROUP},
        {"user_groups", RC_KIND_USER_GROUP},
    };
    const rc_caller_t *caller = call->actor.caller;
    levels_t levels = {.out = out, .none = caller->admin};
    rc_viewer_t viewer =
        user->id == caller->user_id ? rc_caller_viewer(caller) : rc_viewer_user(user->id);
    int i;

    rc_json_object_begin(out);
    RC_TRY(write_globals(out, call, user));
    for (i = 0; i < 3; i++) {
        levels.kind = parts[i].kind;
        rc_json_key(out, parts[i].key);
        rc_json_object_begin(out);
        RC_TRY(
            rc_rule_levels(call->actor.db, levels.kind, viewer, write_level, &levels, call->pool));
        rc_json_object_end(out);
    }
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *get_user(rc_call_t *call, rc_json_t *out)
{
    const rc_user_t *user = rc_arg_user(call, RC_P_USERID);

    rc_json_object_begin(out);
    RC_TRY(rc_render_user_members(out, call, user, rc_call_own_keys(call)));
    rc_json_key(out, "permissions");
    RC_TRY(write_permissions(out, call, user));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *get_users(rc_call_t *call, rc_json_t *out)
{
    rc_slice_t page;

    RC_TRY(rc_list_begin(&page, out, call, &rc_list_of_users));
    RC_TRY(rc_render_listed_users(out, call, RC_USERS_ALL, 0, &page, rc_call_keys(call)));
    rc_list_end(out);
    return NULL;
}

static rc_err_t *answer_user(rc_json_t *out, rc_call_t *call, const char *msg,
                             const rc_user_t *user)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", msg);
    rc_json_key(out, "user");
    RC_TRY(rc_render_user(out, call, user, rc_call_keys(call)));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

/* Sends the text of a conflict (a duplicate name) to the client; other failures are answered with
 * the method's failure text. */
static rc_err_t *tell_conflict(rc_err_t *err)
{
    if (err && err->kind == RC_E_CONFLICT && err->msg)
        err->kind = RC_E_ARG;
    return err;
}

static rc_err_t *plan_creation(rc_call_t *call, void *baton)
{
    rc_user_creation_t *creation = baton;

    creation->password = rc_arg_text(call, RC_P_PASSWORD);
    creation->user = (rc_new_user_t){
        .username = rc_arg_given(call, RC_P_USERNAME) ? rc_arg_text(call, RC_P_USERNAME) : "",
        .email = rc_arg_given(call, RC_P_EMAIL) ? rc_arg_text(call, RC_P_EMAIL) : "",
        .firstname = rc_arg_text(call, RC_P_FIRSTNAME),
        .lastname = rc_arg_text(call, RC_P_LASTNAME),
        .extern_type = rc_arg_text(call, RC_P_EXTERN_TYPE),
        .extern_name = rc_arg_text(call, RC_P_EXTERN_NAME),
        .active = rc_arg_bool(call, RC_P_ACTIVE),
        .admin = rc_arg_bool(call, RC_P_ADMIN),
        .force_password_change = rc_arg_bool(call, RC_P_FORCE_PASSWORD_CHANGE),
    };
    return NULL;
}

static rc_err_t *answer_creation(rc_call_t *call, void *baton)
{
    const rc_user_t *user = ((const rc_user_creation_t *)baton)->made;

    return answer_user(call->out, call,
                       apr_psprintf(call->pool, "created new user `%s`", user->username), user);
}

static rc_err_t *create_user(rc_call_t *call, rc_json_t *out)
{
    rc_user_creation_t creation;

    (void)out;
    RC_TRY(rc_call_plan(call, plan_creation, &creation));
    call->answer = answer_creation;
    return tell_conflict(rc_user_create(&call->actor, &creation));
}

/* null and "" put the default back. */
static const char *extern_if_present(const rc_call_t *call, rc_param_id_t id)
{
    if (!rc_arg_present(call, id))
        return NULL;
    return rc_arg_given(call, id) ? rc_arg_text(call, id) : "";
}

static rc_err_t *plan_update(rc_call_t *call, void *baton)
{
    rc_user_update_t *update = baton;
    rc_user_change_t *change = &update->change;

    update->user = rc_arg_user(call, RC_P_USERID);
    update->password = rc_arg_given_text(call, RC_P_PASSWORD);
    *change = (rc_user_change_t){
        .username = rc_arg_given_text(call, RC_P_USERNAME),
        .email = rc_arg_given_text(call, RC_P_EMAIL),
        .firstname = rc_arg_given_text(call, RC_P_FIRSTNAME),
        .lastname = rc_arg_given_text(call, RC_P_LASTNAME),
        .extern_type = extern_if_present(call, RC_P_EXTERN_TYPE),
        .extern_name = extern_if_present(call, RC_P_EXTERN_NAME),
        .active = rc_arg_flag(call, RC_P_ACTIVE),
        .admin = rc_arg_flag(call, RC_P_ADMIN),
    };
    if (change->firstname && !*change->firstname)
        change->firstname = NULL;
    return NULL;
}

static rc_err_t *answer_update(rc_call_t *call, void *baton)
{
    const rc_user_t *user = ((const rc_user_update_t *)baton)->updated;

    return answer_user(call->out, call,
                       apr_psprintf(call->pool, "updated user ID:%" APR_INT64_T_FMT " %s", user->id,
                                    user->username),
                       user);
}

static rc_err_t *update_user(rc_call_t *call, rc_json_t *out)
{
    rc_user_update_t update;

    (void)out;
    RC_TRY(rc_call_plan(call, plan_update, &update));
    call->answer = answer_update;
    return rc_user_update(&call->actor, &update);
}

static rc_err_t *plan_deletion(rc_call_t *call, void *baton)
{
    rc_user_deletion_t *deletion = baton;

    deletion->user = rc_arg_user(call, RC_P_USERID);
    return NULL;
}

static rc_err_t *delete_user(rc_call_t *call, rc_json_t *out)
{
    rc_user_deletion_t deletion;

    RC_TRY(rc_call_plan(call, plan_deletion, &deletion));
    RC_TRY(rc_user_delete(&call->actor, &deletion));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg",
                          apr_psprintf(call->pool, "deleted user ID:%" APR_INT64_T_FMT " %s",
                                       deletion.user->id, deletion.user->username));
    rc_json_member_null(out, "user");
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_user[] = {
    {"get_user", get_user, RC_ANYONE, RC_LISTS,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER)),
     NULL, "Describe a user, with keys and permissions."},
    {"get_users", get_users, RC_ADMINS, RC_LISTS, RC_PARAMS(RC_LIST_PARAMS),
     NULL, "Describe all users."},
    {"create_user", create_user, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_USERNAME, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_EMAIL, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_PASSWORD, RC_TEXT, "''"),
               RC_ARG(RC_P_FIRSTNAME, RC_TEXT, "''"),
               RC_ARG(RC_P_LASTNAME, RC_TEXT, "''"),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "True"),
               RC_ARG(RC_P_ADMIN, RC_BOOL, "False"),
               RC_ARG(RC_P_EXTERN_NAME, RC_TEXT, "'rhodecode'"),
               RC_ARG(RC_P_EXTERN_TYPE, RC_TEXT, "'rhodecode'"),
               RC_ARG(RC_P_FORCE_PASSWORD_CHANGE, RC_BOOL, "False")),
     "failed to create user `{username}`", "Create a user."},
    {"update_user", update_user, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED),
               RC_ARG(RC_P_USERNAME, RC_TEXT, "None"),
               RC_ARG(RC_P_EMAIL, RC_TEXT, "None"),
               RC_ARG(RC_P_PASSWORD, RC_TEXT, "None"),
               RC_ARG(RC_P_FIRSTNAME, RC_TEXT, "None"),
               RC_ARG(RC_P_LASTNAME, RC_TEXT, "None"),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "None"),
               RC_ARG(RC_P_ADMIN, RC_BOOL, "None"),
               RC_ARG(RC_P_EXTERN_TYPE, RC_TEXT, "None"),
               RC_ARG(RC_P_EXTERN_NAME, RC_TEXT, "None")),
     "failed to update user `{userid}`", "Change a user."},
    {"delete_user", delete_user, RC_ADMINS, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED)),
     "failed to delete user ID:{userid.id} {userid.name}", "Delete a user."},
    {.name = NULL},
};
/* clang-format on */
