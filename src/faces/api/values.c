// SPDX-License-Identifier: Apache-2.0
/*
 * Returns the values of a call's arguments, after args.c has read them, and inserts them into
 * texts.
 */
#include "method.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/repo.h"

static const char *const names[RC_P_COUNT] = {
#define X(id, name) [RC_P_##id] = name,
#include "params.def"
#undef X
};

const char *rc_param_name(rc_param_id_t id)
{
    return names[id];
}

bool rc_has_param(const rc_call_t *call, rc_param_id_t id)
{
    const rc_param_t *param = call->method->params;

    while (param->id && param->id != id)
        param++;
    return param->id != RC_P_NONE;
}

bool rc_arg_given(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].given;
}

bool rc_arg_present(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].present;
}

const char *rc_arg_text(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].text;
}

bool rc_arg_bool(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].truth;
}

const char *rc_arg_sent(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].sent;
}

json_object *rc_arg_json(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].value;
}

const rc_user_t *rc_arg_user(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].row;
}

const rc_repo_t *rc_arg_repo(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].row;
}

const rc_repo_group_t *rc_arg_repo_group(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].row;
}

const rc_user_group_t *rc_arg_user_group(const rc_call_t *call, rc_param_id_t id)
{
    return call->args[id].row;
}

void rc_arg_rename(rc_call_t *call, rc_param_id_t id, const char *text)
{
    call->args[id].sent = text;
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

rc_err_t *rc_value_json(const char **text, json_object *value, apr_pool_t *pool)
{
    const char *plain = json_object_to_json_string_ext(value, JSON_C_TO_STRING_PLAIN |
                                                                  JSON_C_TO_STRING_NOSLASHESCAPE);

    *text = plain ? apr_pstrdup(pool, plain) : NULL;
    return plain ? NULL : rc_err_internal(pool, APR_ENOMEM, "cannot hold a value");
}

/* Returns the value of a word after its dot, @a what, from the row of the argument. */
static const char *row_value(const rc_call_t *call, const rc_arg_t *arg, const char *what)
{
    if (*what == 'i')
        return apr_psprintf(call->pool, "%" APR_INT64_T_FMT, arg->id);
    return *what == 'l' ? rc_repo_name_last(arg->name) : arg->name;
}

/* Returns the value of @a word, "arg" or "arg.name"; "" when there is none. */
static const char *word_value(const rc_call_t *call, const char *word, apr_size_t length)
{
    const char *dot = memchr(word, '.', length);
    apr_size_t name_length = dot ? (apr_size_t)(dot - word) : length;
    const rc_param_t *param;
    const rc_arg_t *arg;

    for (param = call->method->params; param->id; param++) {
        const char *name = rc_param_name(param->id);

        if (strncmp(name, word, name_length) || name[name_length])
            continue;
        arg = &call->args[param->id];
        if (dot && arg->name)
            return row_value(call, arg, dot + 1);
        return arg->sent ? arg->sent : "";
    }
    return "";
}

const char *rc_call_text(const rc_call_t *call, const char *text)
{
    const char *open = strchr(text, '{'), *close = open ? strchr(open, '}') : NULL;

    if (!close)
        return text;
    return apr_pstrcat(call->pool, apr_pstrmemdup(call->pool, text, (apr_size_t)(open - text)),
                       word_value(call, open + 1, (apr_size_t)(close - open - 1)),
                       rc_call_text(call, close + 1), NULL);
}
