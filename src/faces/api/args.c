// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the arguments of a call: converts and checks the JSON values, and loads the objects that
 * they name (contract 00 §5 and §6).
 */
#include "grant.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/text.h"

/* Limits of the log: unknown arguments per call, and the length of their names, which must be
 * shorter than a key. */
#define MOST_LOGGED    16
#define LONGEST_LOGGED 40

bool rc_value_truth(json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_boolean:
        return json_object_get_boolean(value);
    case json_type_string:
        return rc_text_truth(json_object_get_string(value));
    case json_type_int:
        return json_object_get_int64(value) == 1;
    case json_type_double:
        return json_object_get_double(value) == 1.0;
    default:
        return false;
    }
}

/* Returns the text of a default: '' and 'x' without their quotes, NULL for None and RC_CALLER. */
static const char *default_text(const char *def, apr_pool_t *pool)
{
    if (!def || !strcmp(def, "None") || !strcmp(def, RC_CALLER))
        return NULL;
    if (*def == '\'')
        return apr_pstrmemdup(pool, def + 1, strlen(def) - 2);
    return def;
}

static rc_err_t *bind_user(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    rc_user_t *user = NULL;
    apr_int64_t id;

    if (!arg->given && param->def) {
        if (strcmp(param->def, RC_CALLER))
            return NULL;
        RC_TRY(rc_store_user_by_id(&user, call->actor.db, call->actor.caller->user_id, call->pool));
    } else {
        if (param->type == RC_SELF && !call->actor.caller->admin &&
            (!rc_value_id(&id, arg->value, false) || id != call->actor.caller->user_id))
            return rc_err(call->pool, RC_E_ARG, RC_MSG_SELF);
        RC_TRY(rc_find_user(&user, call, arg->value));
        if (param->type == RC_AUTHOR && (!user || user->id != call->actor.caller->user_id) &&
            rc_arg_repo(call, RC_P_REPOID)->level < RC_ADMIN)
            return rc_err(call->pool, RC_E_ARG, RC_MSG_SELF);
    }
    if (!user)
        return rc_err(call->pool, RC_E_ARG, "user `%s` does not exist", arg->sent);
    arg->row = user;
    arg->name = user->username;
    arg->id = user->id;
    return NULL;
}

/* The common parts of a repository, repository group or user group. */
typedef struct object_t {
    const void *row;
    const char *name, *kind; /* kind: as messages call it */
    apr_int64_t id;
    rc_level_t level;
} object_t;

static rc_err_t *find_repo(object_t *object, rc_call_t *call, json_object *value)
{
    rc_repo_t *row;

    RC_TRY(rc_find_repo(&row, call, value));
    *object = row ? (object_t){row, row->name, "repository", row->id, row->level}
                  : (object_t){.kind = "repository"};
    return NULL;
}

static rc_err_t *find_repo_group(object_t *object, rc_call_t *call, json_object *value)
{
    rc_repo_group_t *row;

    RC_TRY(rc_find_repo_group(&row, call, value));
    *object = row ? (object_t){row, row->name, "repository group", row->id, row->level}
                  : (object_t){.kind = "repository group"};
    return NULL;
}

static rc_err_t *find_user_group(object_t *object, rc_call_t *call, json_object *value)
{
    rc_user_group_t *row;

    RC_TRY(rc_find_user_group(&row, call, value));
    *object = row ? (object_t){row, row->name, "user group", row->id, row->level}
                  : (object_t){.kind = "user group"};
    return NULL;
}

static rc_err_t *bind_object(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    object_t object;

    if (!arg->given && param->def)
        return NULL;
    if (param->type == RC_REPO)
        RC_TRY(find_repo(&object, call, arg->value));
    else if (param->type == RC_REPO_GROUP)
        RC_TRY(find_repo_group(&object, call, arg->value));
    else
        RC_TRY(find_user_group(&object, call, arg->value));
    if (!object.row || object.level < param->need)
        return rc_err(call->pool, RC_E_ARG, "%s%s `%s` does not exist",
                      object.row && param->lead ? param->lead : "", object.kind, arg->sent);
    arg->row = object.row;
    arg->name = object.name;
    arg->id = object.id;
    return NULL;
}

rc_err_t *rc_arg_fault(rc_call_t *call, rc_err_t *err)
{
    if (err)
        call->fault = RC_FAULT_ARGUMENT;
    return err;
}

/* True when the name of a new object would be None, True or False: the client sent null or a
 * boolean. */
static bool is_no_name(const rc_arg_t *arg, const rc_param_t *param)
{
    if (param->type != RC_NAME)
        return false;
    return arg->given ? json_object_is_type(arg->value, json_type_boolean) : !param->def;
}

static rc_err_t *bind_text_arg(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    arg->text = arg->given || !param->def ? arg->sent : default_text(param->def, call->pool);
    if (is_no_name(arg, param) || (arg->given && !rc_value_text(arg->value, call->pool)))
        return rc_arg_fault(
            call, rc_err_failed(call->pool, "argument %s is not text", rc_param_name(param->id)));
    return NULL;
}

static bool is_yes_or_no(json_object *value)
{
    switch (json_object_get_type(value)) {
    case json_type_boolean:
        return true;
    case json_type_string:
        return rc_text_truth(json_object_get_string(value)) ||
               rc_text_untruth(json_object_get_string(value));
    case json_type_int:
        return json_object_get_int64(value) == 0 || json_object_get_int64(value) == 1;
    default:
        return false;
    }
}

static rc_err_t *bind_yes_no(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    arg->truth = arg->given ? rc_value_truth(arg->value) : !strcmp(param->def, "True");
    if (!arg->given || is_yes_or_no(arg->value))
        return NULL;
    return rc_arg_fault(
        call, rc_err(call->pool, RC_E_ARG, "%s must be true or false", rc_param_name(param->id)));
}

static rc_err_t *bind_one(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    switch (param->type) {
    case RC_ANY:
        return NULL;
    case RC_TEXT:
    case RC_NAME:
        return bind_text_arg(arg, call, param);
    case RC_BOOL:
        arg->truth = arg->given ? rc_value_truth(arg->value) : !strcmp(param->def, "True");
        return NULL;
    case RC_YES_NO:
        return bind_yes_no(arg, call, param);
    case RC_PERM:
        arg->text = arg->sent;
        return rc_arg_fault(call, rc_grant_check_prefix(call, arg->text));
    case RC_USER:
    case RC_SELF:
    case RC_AUTHOR:
        return bind_user(arg, call, param);
    default:
        return bind_object(arg, call, param);
    }
}

static rc_err_t *read_sent(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    memset(arg, 0, sizeof(*arg));
    if (call->args_sent) {
        arg->present =
            json_object_object_get_ex(call->args_sent, rc_param_name(param->id), &arg->value);
        if (!arg->present && param->alias)
            arg->present = json_object_object_get_ex(call->args_sent, param->alias, &arg->value);
    }
    arg->given = arg->present && arg->value;
    arg->sent = rc_value_text(arg->value, call->pool);
    if (!arg->sent)
        arg->sent = apr_pstrdup(call->pool, json_object_to_json_string(arg->value));
    return arg->sent ? NULL : rc_err_internal(call->pool, APR_ENOMEM, "cannot hold an argument");
}

/* True when @a name is a parameter of the method, or one that every method ignores (contract 00
 * §5). */
static bool is_known(const rc_call_t *call, const char *name)
{
    const rc_param_t *param;

    for (param = call->method->params; param->id; param++)
        if (!strcmp(rc_param_name(param->id), name) ||
            (param->alias && !strcmp(param->alias, name)))
            return true;
    return !strcmp(name, "apiuser") || !strcmp(name, "request");
}

bool rc_args_are_known(const rc_call_t *call)
{
    if (!call->args_sent)
        return true;
    json_object_object_foreach(call->args_sent, name, value)
    {
        (void)value;
        if (!is_known(call, name))
            return false;
    }
    return true;
}

void rc_args_log_unknown(const rc_call_t *call)
{
    int left = MOST_LOGGED;

    if (!call->args_sent)
        return;
    json_object_object_foreach(call->args_sent, name, value)
    {
        (void)value;
        if (is_known(call, name))
            continue;
        if (!left--)
            return;
        /* a long name may be a key in the wrong place */
        rc_log(RC_LOG_INFO, APR_SUCCESS, "method %s: unknown argument %s is ignored",
               call->method->name, strlen(name) < LONGEST_LOGGED ? name : "with a long name");
    }
}

static rc_err_t *check_allowed(rc_call_t *call)
{
    const rc_allow_t *allow = &call->method->allow;
    bool may = call->actor.caller->admin || allow->who == RC_ALLOW_ANYONE;

    if (!may && allow->who == RC_ALLOW_HOLDERS)
        RC_TRY(rc_actor_has_global(&may, &call->actor, allow->permission));
    return may ? NULL : rc_err(call->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
}

rc_err_t *rc_args_bind(rc_call_t *call)
{
    const rc_param_t *params = call->method->params, *param;
    rc_arg_t *args = call->args;

    for (param = params; param->id; param++)
        RC_TRY(read_sent(&args[param->id], call, param));
    for (param = params; param->id; param++)
        if (!param->def && !args[param->id].present)
            return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG,
                                             "Missing non optional `%s` arg in JSON DATA",
                                             rc_param_name(param->id)));
    RC_TRY(check_allowed(call));
    for (param = params; param->id; param++) {
        if (param->type == RC_PERM)
            RC_TRY(rc_arg_fault(call, rc_grant_check_name(call, args[param->id].sent)));
        if (!param->last)
            RC_TRY(bind_one(&args[param->id], call, param));
    }
    for (param = params; param->id; param++)
        if (param->last)
            RC_TRY(bind_one(&args[param->id], call, param));
    return NULL;
}
