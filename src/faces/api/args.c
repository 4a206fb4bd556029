// SPDX-License-Identifier: Apache-2.0
/*
 * Arguments: from JSON to checked, loaded values (contract 00 §5 and §6).
 */
#include "grant.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/text.h"

/* Of one call, so many unknown arguments are logged; names shorter than a key. */
#define MOST_LOGGED    16
#define LONGEST_LOGGED 40

static int find_param(const rc_call_t *call, const char *name)
{
    int i;

    for (i = 0; call->method->params[i].name; i++)
        if (!strcmp(call->method->params[i].name, name))
            return i;
    return -1;
}

bool rc_has_param(const rc_call_t *call, const char *name)
{
    return find_param(call, name) >= 0;
}

static int arg_index(const rc_call_t *call, const char *name)
{
    int i = find_param(call, name);

    if (i >= 0)
        return i;
    abort(); /* a method asks for a parameter that its row does not have */
}

#define ARG(call, name) ((call)->args[arg_index(call, name)])

bool rc_arg_given(const rc_call_t *call, const char *name)
{
    return ARG(call, name).given;
}

bool rc_arg_present(const rc_call_t *call, const char *name)
{
    return ARG(call, name).present;
}

const char *rc_arg_text(const rc_call_t *call, const char *name)
{
    return ARG(call, name).text;
}

bool rc_arg_bool(const rc_call_t *call, const char *name)
{
    return ARG(call, name).truth;
}

const char *rc_arg_sent(const rc_call_t *call, const char *name)
{
    return ARG(call, name).sent;
}

json_object *rc_arg_json(const rc_call_t *call, const char *name)
{
    return ARG(call, name).value;
}

const rc_user_t *rc_arg_user(const rc_call_t *call, const char *name)
{
    return ARG(call, name).row;
}

const rc_repo_t *rc_arg_repo(const rc_call_t *call, const char *name)
{
    return ARG(call, name).row;
}

const rc_repo_group_t *rc_arg_repo_group(const rc_call_t *call, const char *name)
{
    return ARG(call, name).row;
}

const rc_user_group_t *rc_arg_user_group(const rc_call_t *call, const char *name)
{
    return ARG(call, name).row;
}

void rc_arg_rename(rc_call_t *call, const char *name, const char *text)
{
    ARG(call, name).sent = text;
}

const char *rc_value_text(json_object *value, apr_pool_t *pool)
{
    switch (json_object_get_type(value)) {
    case json_type_null:
        return "None";
    case json_type_boolean:
        return json_object_get_boolean(value) ? "True" : "False";
    case json_type_string:
        return apr_pstrdup(pool, json_object_get_string(value));
    case json_type_int:
    case json_type_double:
        return apr_pstrdup(pool, json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN));
    default:
        return NULL;
    }
}

static bool value_truth(json_object *value)
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

/* The text a default stands for: '' and 'x' without their quotes, None as NULL. */
static const char *default_text(const char *def, apr_pool_t *pool)
{
    if (!def || !strcmp(def, "None") || !strcmp(def, RC_CALLER))
        return NULL;
    if (*def == '\'')
        return apr_pstrmemdup(pool, def + 1, strlen(def) - 2);
    return def;
}

/* An id that a value may be: a JSON integer, or text that reads as one. */
static bool value_id(apr_int64_t *id, json_object *value, bool blanks)
{
    const char *text;

    if (json_object_is_type(value, json_type_int)) {
        *id = json_object_get_int64(value);
        return true;
    }
    if (!json_object_is_type(value, json_type_string))
        return false;
    text = json_object_get_string(value);
    return (blanks || rc_text_digits(text)) && rc_text_int(id, text);
}

rc_err_t *rc_find_user(rc_user_t **out, rc_call_t *call, json_object *value)
{
    apr_int64_t id;

    *out = NULL;
    if (value_id(&id, value, true))
        RC_TRY(rc_store_user_by_id(out, call->actor.db, id, call->pool));
    if (!*out && json_object_is_type(value, json_type_string))
        RC_TRY(
            rc_store_user_by_name(out, call->actor.db, json_object_get_string(value), call->pool));
    return NULL;
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
            (!value_id(&id, arg->value, false) || id != call->actor.caller->user_id))
            return rc_err(call->pool, RC_E_ARG, RC_MSG_SELF);
        RC_TRY(rc_find_user(&user, call, arg->value));
        if (param->type == RC_AUTHOR && (!user || user->id != call->actor.caller->user_id) &&
            rc_arg_repo(call, "repoid")->level < RC_ADMIN)
            return rc_err(call->pool, RC_E_ARG, RC_MSG_SELF);
    }
    if (!user)
        return rc_err(call->pool, RC_E_ARG, "user `%s` does not exist", arg->sent);
    arg->row = user;
    arg->name = user->username;
    arg->id = user->id;
    return NULL;
}

/* Looks an object up: a JSON integer is its id; text is its name, or if no name, its id. What the
 * caller may not read is not found. */
#define DEFINE_FIND(kind)                                                                          \
    rc_err_t *rc_find_##kind(rc_##kind##_t **out, rc_call_t *call, json_object *value)             \
    {                                                                                              \
        apr_int64_t id;                                                                            \
                                                                                                   \
        *out = NULL;                                                                               \
        if (json_object_is_type(value, json_type_string))                                          \
            RC_TRY(rc_store_##kind##_seen_by_name(out, call->actor.db,                             \
                                                  call->actor.caller->user_id,                     \
                                                  json_object_get_string(value), call->pool));     \
        if (!*out && value_id(&id, value, false))                                                  \
            RC_TRY(rc_store_##kind##_seen_by_id(out, call->actor.db, call->actor.caller->user_id,  \
                                                id, call->pool));                                  \
        return NULL;                                                                               \
    }

DEFINE_FIND(repo)
DEFINE_FIND(repo_group)
DEFINE_FIND(user_group)

#define DEFINE_BIND(kind, words)                                                                   \
    static rc_err_t *bind_##kind(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)          \
    {                                                                                              \
        rc_##kind##_t *row;                                                                        \
                                                                                                   \
        RC_TRY(rc_find_##kind(&row, call, arg->value));                                            \
        if (!row || row->level < param->need)                                                      \
            return rc_err(call->pool, RC_E_ARG, "%s" words " `%s` does not exist",                 \
                          row && param->lead ? param->lead : "", arg->sent);                       \
        arg->row = row;                                                                            \
        arg->name = row->name;                                                                     \
        arg->id = row->id;                                                                         \
        return NULL;                                                                               \
    }

DEFINE_BIND(repo, "repository")
DEFINE_BIND(repo_group, "repository group")
DEFINE_BIND(user_group, "user group")

static rc_err_t *bind_object(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    if (!arg->given && param->def)
        return NULL;
    if (param->type == RC_REPO)
        return bind_repo(arg, call, param);
    return param->type == RC_REPO_GROUP ? bind_repo_group(arg, call, param)
                                        : bind_user_group(arg, call, param);
}

/* A new thing is not called None or True, because a client had nothing to send. */
static bool is_no_name(const rc_arg_t *arg, const rc_param_t *param)
{
    if (param->type != RC_NAME)
        return false;
    return arg->given ? json_object_is_type(arg->value, json_type_boolean) : !param->def;
}

static rc_err_t *bind_text(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    arg->text = arg->given || !param->def ? arg->sent : default_text(param->def, call->pool);
    if (is_no_name(arg, param) || (arg->given && !rc_value_text(arg->value, call->pool)))
        return rc_err_failed(call->pool, "argument %s is not text", param->name);
    return NULL;
}

static rc_err_t *bind_one(rc_arg_t *arg, rc_call_t *call, const rc_param_t *param)
{
    switch (param->type) {
    case RC_ANY:
        return NULL;
    case RC_TEXT:
    case RC_NAME:
        return bind_text(arg, call, param);
    case RC_BOOL:
        arg->truth = arg->given ? value_truth(arg->value) : !strcmp(param->def, "True");
        return NULL;
    case RC_PERM:
        arg->text = arg->sent;
        return rc_grant_check_prefix(call, arg->text);
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
        arg->present = json_object_object_get_ex(call->args_sent, param->name, &arg->value);
        if (!arg->present && param->alias)
            arg->present = json_object_object_get_ex(call->args_sent, param->alias, &arg->value);
    }
    arg->given = arg->present && arg->value;
    arg->sent = rc_value_text(arg->value, call->pool);
    if (!arg->sent)
        arg->sent = apr_pstrdup(call->pool, json_object_to_json_string(arg->value));
    return arg->sent ? NULL : rc_err_internal(call->pool, APR_ENOMEM, "cannot hold an argument");
}

/* Does a client mean one of the method's parameters by @a name, or what is dropped by design? */
static bool is_known(const rc_call_t *call, const char *name)
{
    const rc_param_t *param;

    for (param = call->method->params; param->name; param++)
        if (!strcmp(param->name, name) || (param->alias && !strcmp(param->alias, name)))
            return true;
    return !strcmp(name, "apiuser") || !strcmp(name, "request");
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
        /* a long one may be a key that got into the wrong place */
        rc_log(RC_LOG_INFO, APR_SUCCESS, "method %s: unknown argument %s is ignored",
               call->method->name, strlen(name) < LONGEST_LOGGED ? name : "with a long name");
    }
}

static rc_err_t *check_allowed(rc_call_t *call)
{
    const rc_allow_t *allow = &call->method->allow;
    bool may = call->actor.caller->admin || allow->who == RC_ALLOW_ANYONE;

    if (!may && allow->who == RC_ALLOW_HOLDERS)
        RC_TRY(rc_call_has_global(&may, call, allow->permission));
    return may ? NULL : rc_err(call->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
}

rc_err_t *rc_args_bind(rc_call_t *call)
{
    const rc_param_t *params = call->method->params;
    int i;

    for (i = 0; params[i].name; i++)
        RC_TRY(read_sent(&call->args[i], call, &params[i]));
    for (i = 0; params[i].name; i++)
        if (!params[i].def && !call->args[i].present)
            return rc_err(call->pool, RC_E_ARG, "Missing non optional `%s` arg in JSON DATA",
                          params[i].name);
    RC_TRY(check_allowed(call));
    for (i = 0; params[i].name; i++) {
        if (params[i].type == RC_PERM)
            RC_TRY(rc_grant_check_name(call, call->args[i].sent));
        if (!params[i].last)
            RC_TRY(bind_one(&call->args[i], call, &params[i]));
    }
    for (i = 0; params[i].name; i++)
        if (params[i].last)
            RC_TRY(bind_one(&call->args[i], call, &params[i]));
    return NULL;
}
