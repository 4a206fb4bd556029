// SPDX-License-Identifier: Apache-2.0
/*
 * The methods about the server and the API: test, get_method, get_server_info, get_ip (contract 02
 * §2 and §10, 05 Introspection).
 */
#include "../method.h"

#include <string.h>
#include <sys/utsname.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include "base/versions.h"

static rc_err_t *test(rc_call_t *call, rc_json_t *out)
{
    const char *text;

    RC_TRY(rc_value_json(&text, rc_arg_json(call, RC_P_ARGS), call->pool));
    rc_json_raw(out, text, strlen(text));
    return NULL;
}

typedef struct search_t {
    const char *pattern;
    apr_array_header_t *found;
    bool old;
} search_t;

static rc_err_t *match(void *baton, const rc_method_t *method)
{
    search_t *search = baton;

    if (rc_method_find(method->name, search->old) == method &&
        apr_fnmatch(search->pattern, method->name, 0) == APR_SUCCESS)
        APR_ARRAY_PUSH(search->found, const rc_method_t *) = method;
    return NULL;
}

static int by_name(const void *a, const void *b)
{
    return strcmp((*(const rc_method_t *const *)a)->name, (*(const rc_method_t *const *)b)->name);
}

static void describe_method(rc_json_t *out, const rc_method_t *method, apr_pool_t *pool)
{
    const rc_param_t *param;

    rc_json_object_begin(out);
    for (param = method->params; param->id; param++)
        rc_json_member_string(out, rc_param_name(param->id),
                              param->def ? apr_psprintf(pool, "<Optional:%s>", param->def)
                                         : "<RequiredType>");
    rc_json_object_end(out);
}

static rc_err_t *get_method(rc_call_t *call, rc_json_t *out)
{
    apr_array_header_t *found = apr_array_make(call->pool, 80, sizeof(const rc_method_t *));
    search_t search = {rc_arg_text(call, RC_P_PATTERN), found, call->old};
    int i;

    RC_TRY(rc_methods_each(match, &search));
    qsort(found->elts, (size_t)found->nelts, sizeof(const rc_method_t *), by_name);
    rc_json_array_begin(out);
    for (i = 0; i < found->nelts; i++)
        rc_json_string(out, APR_ARRAY_IDX(found, i, const rc_method_t *)->name);
    if (found->nelts == 1)
        describe_method(out, APR_ARRAY_IDX(found, 0, const rc_method_t *), call->pool);
    rc_json_array_end(out);
    return NULL;
}

static rc_err_t *get_server_info(rc_call_t *call, rc_json_t *out)
{
    const rc_version_t *version;
    struct utsname os;

    uname(&os);
    rc_json_object_begin(out);
    rc_json_key(out, "modules");
    rc_json_array_begin(out);
    for (version = rc_versions(); version->name; version++)
        rc_json_string(out, version->name);
    rc_json_array_end(out);
    rc_json_key(out, "py_modules");
    rc_json_array_begin(out);
    for (version = rc_versions(); version->name; version++) {
        rc_json_array_begin(out);
        rc_json_string(out, version->name);
        rc_json_string(out, version->version);
        rc_json_array_end(out);
    }
    rc_json_array_end(out);
    rc_json_member_string(out, "py_version", "");
    rc_json_member_string(out, "platform",
                          apr_psprintf(call->pool, "%s-%s-%s", os.sysname, os.release, os.machine));
    rc_json_member_string(out, "rhodecode_version", call->request->level);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *get_ip(rc_call_t *call, rc_json_t *out)
{
    apr_array_header_t *entries;
    int i;

    RC_TRY(rc_store_user_ips(&entries, call->actor.db, rc_arg_user(call, RC_P_USERID)->id,
                             call->pool));
    rc_json_object_begin(out);
    rc_json_member_string(out, "server_ip_addr", call->request->client_ip);
    rc_json_key(out, "user_ips");
    rc_json_array_begin(out);
    for (i = 0; i < entries->nelts; i++) {
        const char *entry = APR_ARRAY_IDX(entries, i, const char *), *first, *last;

        rc_auth_ip_range(&first, &last, entry, call->pool);
        rc_json_object_begin(out);
        rc_json_member_string(out, "ip_addr", entry);
        rc_json_key(out, "ip_range");
        rc_json_array_begin(out);
        rc_json_string(out, first);
        rc_json_string(out, last);
        rc_json_array_end(out);
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_server[] = {
    {"test", test, RC_ANYONE, RC_KEPT,
     RC_PARAMS(RC_ARG(RC_P_ARGS, RC_ANY, RC_REQUIRED)),
     NULL, "Return the argument: tests key and server."},
    {"get_method", get_method, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_PATTERN, RC_TEXT, "'*'")),
     NULL, "List methods; describe one."},
    {"get_server_info", get_server_info, RC_ADMINS, 0, RC_NO_PARAMS,
     NULL, "Report the versions of the server and its libraries."},
    {"get_ip", get_ip, RC_ADMINS, 0,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_USER, RC_CALLER)),
     NULL, "Report the caller's address, and the addresses that a user is limited to."},
    {"show_ip", get_ip, RC_ADMINS, 0,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_USER, RC_CALLER)),
     NULL, "Old name of get_ip."},
    {.name = NULL},
};
/* clang-format on */
