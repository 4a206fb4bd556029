// SPDX-License-Identifier: Apache-2.0
/*
 * The methods get_repo_settings and set_repo_settings (contract 02 §10). A caller who may not use
 * them learns nothing about the repository: the refusal names none.
 */
#include "../method.h"

#include <string.h>

#include "domain/repo_setting.h"

/* Finds the repository, of which the caller must be an administrator. */
static rc_err_t *find_administered(const rc_repo_t **out, rc_call_t *call)
{
    rc_repo_t *repo;

    RC_TRY(rc_find_repo(&repo, call, rc_arg_json(call, RC_P_REPOID)));
    if (!call->actor.caller->admin && (!repo || repo->level < RC_ADMIN))
        return rc_err(call->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
    *out = repo;
    return repo ? NULL : rc_err_failed(call->pool, "there is no such repository");
}

static void write_value(rc_json_t *out, const char *value)
{
    rc_json_raw(out, value, strlen(value));
}

static void write_one(rc_json_t *out, const apr_array_header_t *options, const char *name)
{
    int i;

    for (i = 0; i < options->nelts; i++) {
        const rc_repo_option_t *option = &APR_ARRAY_IDX(options, i, rc_repo_option_t);

        if (!strcmp(option->name, name)) {
            write_value(out, option->value);
            return;
        }
    }
    rc_json_null(out);
}

static void write_all(rc_json_t *out, const apr_array_header_t *options)
{
    int i;

    rc_json_object_begin(out);
    for (i = 0; i < options->nelts; i++) {
        const rc_repo_option_t *option = &APR_ARRAY_IDX(options, i, rc_repo_option_t);

        rc_json_key_text(out, option->name);
        write_value(out, option->value);
    }
    rc_json_object_end(out);
}

static rc_err_t *get_repo_settings(rc_call_t *call, rc_json_t *out)
{
    const char *key = rc_arg_given_text(call, RC_P_KEY);
    apr_array_header_t *options;
    const rc_repo_t *repo;

    RC_TRY(find_administered(&repo, call));
    RC_TRY(rc_repo_options(&options, &call->actor, repo));
    if (key)
        write_one(out, options, key);
    else
        write_all(out, options);
    return NULL;
}

/* A flag becomes true or false; null removes a setting; other values are stored as they are. */
static rc_err_t *read_setting(const char **text, const char *name, json_object *value,
                              apr_pool_t *pool)
{
    const char *preset = rc_repo_option_preset(name);

    *text = NULL;
    if (!value)
        return NULL;
    if (!preset || *preset == '"')
        return rc_value_json(text, value, pool);
    *text = rc_value_truth(value) ? "true" : "false";
    return NULL;
}

static rc_err_t *plan(rc_call_t *call, void *baton)
{
    rc_repo_options_change_t *change = baton;
    apr_array_header_t *options = apr_array_make(call->pool, 8, sizeof(rc_repo_option_t));
    json_object *settings = rc_arg_json(call, RC_P_SETTINGS);

    RC_TRY(find_administered(&change->repo, call));
    if (!json_object_is_type(settings, json_type_object))
        return rc_arg_fault(call,
                            rc_err(call->pool, RC_E_ARG, "Settings have to be a JSON Object."));
    json_object_object_foreach(settings, name, value)
    {
        rc_repo_option_t *option = apr_array_push(options);

        option->name = name;
        RC_TRY(read_setting(&option->value, name, value, call->pool));
    }
    change->options = options;
    return NULL;
}

static rc_err_t *set_repo_settings(rc_call_t *call, rc_json_t *out)
{
    rc_repo_options_change_t change;

    RC_TRY(rc_call_plan(call, plan, &change));
    RC_TRY(rc_repo_options_set(&call->actor, &change));
    rc_json_bool(out, true);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_repo_setting[] = {
    {"get_repo_settings", get_repo_settings, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_REPOID, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_KEY, RC_TEXT, "None")),
     "Failed to fetch settings for repository `{repoid}`",
     "Report all settings of a repository, or one."},
    {"set_repo_settings", set_repo_settings, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_REPOID, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_SETTINGS, RC_ANY, RC_REQUIRED)),
     "Failed to update settings for repository `{repoid}`",
     "Change settings of a repository."},
    {.name = NULL},
};
/* clang-format on */
