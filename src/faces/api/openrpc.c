// SPDX-License-Identifier: Apache-2.0
/*
 * Describes the API as an OpenRPC document, for tools that generate clients, consoles and
 * documentation (contract 10 §4). Everything comes from the method table.
 */
#include "openrpc.h"

#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "method.h"

#define OPENRPC     "1.3.2"
#define META_SCHEMA "https://raw.githubusercontent.com/open-rpc/meta-schema/master/schema.json"

#define DESCRIPTION                                                                                \
    "The RhodeCode API. Requests of JSON-RPC 2.0 carry the caller's key in the header "            \
    "`Authorization: Bearer <key>` or `X-Api-Key: <key>`, or as a member `api_key` beside "        \
    "`method`. Requests without the member `jsonrpc` have RhodeCode's own envelope, which is no "  \
    "JSON-RPC 2.0: see `x-envelope`."

/* --- schemas --- */

static const char *const names_and_ids[] = {"string", "integer", NULL};

/* The JSON types of arguments, in the order of rc_type_t; NULL: any. */
static const struct {
    const char *const *types; /* several of them */
    const char *type;
} schemas[] = {
    [RC_ANY] = {NULL, NULL},
    [RC_TEXT] = {NULL, "string"},
    [RC_NAME] = {NULL, "string"},
    [RC_BOOL] = {NULL, "boolean"},
    [RC_YES_NO] = {NULL, "boolean"},
    [RC_USER] = {names_and_ids, NULL},
    [RC_SELF] = {names_and_ids, NULL},
    [RC_AUTHOR] = {names_and_ids, NULL},
    [RC_REPO] = {names_and_ids, NULL},
    [RC_REPO_GROUP] = {names_and_ids, NULL},
    [RC_USER_GROUP] = {names_and_ids, NULL},
    [RC_PERM] = {NULL, "string"},
};

/* Writes a default of the table, which is printed as Python prints it. */
static void write_default(rc_json_t *out, const char *def)
{
    if (!def || !strcmp(def, "None") || !strcmp(def, RC_CALLER))
        return;
    rc_json_key(out, "default");
    if (*def == '\'')
        rc_json_string_len(out, def + 1, strlen(def) - 2);
    else if (!strcmp(def, "True") || !strcmp(def, "False"))
        rc_json_bool(out, *def == 'T');
    else if (apr_isdigit(*def) || *def == '-')
        rc_json_raw(out, def, strlen(def));
    else
        rc_json_string(out, def);
}

static void write_schema(rc_json_t *out, const rc_param_t *param)
{
    const char *const *type = schemas[param->type].types;

    rc_json_key(out, "schema");
    rc_json_object_begin(out);
    if (type) {
        rc_json_key(out, "type");
        rc_json_array_begin(out);
        for (; *type; type++)
            rc_json_string(out, *type);
        rc_json_array_end(out);
    } else if (schemas[param->type].type) {
        rc_json_member_string(out, "type", schemas[param->type].type);
    }
    write_default(out, param->def);
    rc_json_object_end(out);
}

/* --- methods --- */

/* Says what an argument names, and which right the caller needs on it. */
static const char *describe_param(const rc_param_t *param, apr_pool_t *pool)
{
    static const char *const kinds[] = {
        [RC_USER] = "a user",
        [RC_SELF] = "a user; others than the caller: super-admins only",
        [RC_AUTHOR] = "a user; others than the caller: administrators of the repository only",
        [RC_REPO] = "a repository",
        [RC_REPO_GROUP] = "a repository group",
        [RC_USER_GROUP] = "a user group",
        [RC_PERM] = "a permission",
    };
    const char *text = kinds[param->type];

    if (!text)
        return NULL;
    if (param->need)
        text = apr_pstrcat(pool, text, " on which the caller has ",
                           strchr(rc_permission_name(RC_KIND_REPO, param->need), '.') + 1, NULL);
    if (param->def && !strcmp(param->def, RC_CALLER))
        text = apr_pstrcat(pool, text, "; default: the caller", NULL);
    return text;
}

static void write_param(rc_json_t *out, const rc_param_t *param, apr_pool_t *pool)
{
    const char *description = describe_param(param, pool);

    rc_json_object_begin(out);
    rc_json_member_string(out, "name", rc_param_name(param->id));
    if (description)
        rc_json_member_string(out, "description", description);
    rc_json_member_bool(out, "required", !param->def);
    write_schema(out, param);
    rc_json_object_end(out);
}

/* Required parameters come first in the document, whatever their order in the row. */
static void write_params(rc_json_t *out, const rc_method_t *method, apr_pool_t *pool)
{
    const rc_param_t *param;
    int optional;

    rc_json_key(out, "params");
    rc_json_array_begin(out);
    for (optional = 0; optional < 2; optional++)
        for (param = method->params; param->id; param++)
            if (!param->def == !optional)
                write_param(out, param, pool);
    rc_json_array_end(out);
}

static void write_result(rc_json_t *out, const char *ref)
{
    rc_json_key(out, "result");
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", "result");
    rc_json_key(out, "schema");
    rc_json_object_begin(out);
    if (ref)
        rc_json_member_string(out, "$ref", ref);
    rc_json_object_end(out);
    rc_json_object_end(out);
}

static const char *who_may(const rc_method_t *method)
{
    return method->allow.who == RC_ALLOW_ADMINS    ? "super-admins"
           : method->allow.who == RC_ALLOW_HOLDERS ? method->allow.permission
                                                   : "every user";
}

typedef struct document_t {
    rc_json_t *out;
    apr_pool_t *pool;
} document_t;

static rc_err_t *write_method(void *baton, const rc_method_t *method)
{
    const document_t *document = baton;
    rc_json_t *out = document->out;

    if (method->flags & RC_OLD)
        return NULL;
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", method->name);
    rc_json_member_string(out, "summary", method->help);
    rc_json_member_string(out, "paramStructure", "by-name");
    write_params(out, method, document->pool);
    write_result(out, NULL);
    rc_json_member_string(out, "x-who", who_may(method));
    if (method->failure) {
        rc_json_key(out, "x-errors");
        rc_json_array_begin(out);
        rc_json_string(out, method->failure);
        rc_json_array_end(out);
    }
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static void write_discover(rc_json_t *out)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", RC_DISCOVER);
    rc_json_member_string(out, "summary", "This document. It takes no key.");
    rc_json_member_string(out, "paramStructure", "by-name");
    rc_json_key(out, "params");
    rc_json_array_begin(out);
    rc_json_array_end(out);
    write_result(out, META_SCHEMA);
    rc_json_object_end(out);
}

/* --- document --- */

static void write_info(rc_json_t *out)
{
    rc_json_key(out, "info");
    rc_json_object_begin(out);
    rc_json_member_string(out, "title", "mod_rcapi");
    rc_json_member_string(out, "description", DESCRIPTION);
    rc_json_member_string(out, "version", RCAPI_VERSION);
    rc_json_object_end(out);
}

static void write_servers(rc_json_t *out, const char *base_url, apr_pool_t *pool)
{
    rc_json_key(out, "servers");
    rc_json_array_begin(out);
    rc_json_object_begin(out);
    rc_json_member_string(out, "name", "this server");
    rc_json_member_string(out, "url", apr_pstrcat(pool, base_url, "/_admin/api", NULL));
    rc_json_object_end(out);
    rc_json_array_end(out);
}

/* How requests of RhodeCode's own dialect differ. */
static void write_envelope(rc_json_t *out)
{
    rc_json_key(out, "x-envelope");
    rc_json_object_begin(out);
    rc_json_member_string(out, "key", "api_key");
    rc_json_member_string(out, "params", "args");
    rc_json_member_string(out, "answer", "{\"id\": ..., \"result\": ..., \"error\": text or null}");
    rc_json_object_end(out);
}

rc_err_t *rc_openrpc_write(rc_json_t *out, const char *base_url, apr_pool_t *pool)
{
    document_t document = {out, pool};

    rc_json_object_begin(out);
    rc_json_member_string(out, "openrpc", OPENRPC);
    write_info(out);
    write_servers(out, base_url, pool);
    rc_json_key(out, "methods");
    rc_json_array_begin(out);
    RC_TRY(rc_methods_each(write_method, &document));
    write_discover(out);
    rc_json_array_end(out);
    write_envelope(out);
    rc_json_object_end(out);
    return rc_json_finish(out);
}
