// SPDX-License-Identifier: Apache-2.0
/*
 * The methods for keys of users: get, create, delete, reset (contract 10 §2).
 */
#include "../method.h"

#include <apr_strings.h>

#include "base/time.h"
#include "domain/token.h"

static void write_token(rc_json_t *out, const rc_token_t *token, apr_pool_t *pool)
{
    const rc_user_key_t *key = &token->key;

    rc_json_object_begin(out);
    rc_json_member_int(out, "auth_token_id", key->id);
    rc_json_member_string(out, "auth_token", token->clear ? token->clear : token->shown);
    rc_json_member_string(out, "role", key->role);
    rc_json_member_string(out, "scope", token->scope);
    rc_json_member_string(out, "description", key->description);
    rc_json_member_int(out, "expires", key->expires);
    rc_json_member_bool(out, "expired", token->expired);
    rc_json_member_string(out, "created_on", rc_time_local(key->created_on, pool));
    rc_json_member_string(out, "last_used",
                          key->last_used ? rc_time_local(key->last_used, pool) : NULL);
    rc_json_member_bool(out, "main", key->main);
    rc_json_object_end(out);
}

static rc_err_t *get_auth_tokens(rc_call_t *call, rc_json_t *out)
{
    apr_array_header_t *tokens;
    int i;

    RC_TRY(rc_user_tokens(&tokens, &call->actor, rc_arg_user(call, RC_P_USERID)));
    rc_json_array_begin(out);
    for (i = 0; i < tokens->nelts; i++)
        write_token(out, &APR_ARRAY_IDX(tokens, i, rc_token_t), call->pool);
    rc_json_array_end(out);
    return NULL;
}

static rc_err_t *answer_new(rc_json_t *out, rc_call_t *call, const rc_token_t *token)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg",
                          rc_call_text(call, "created new auth token for user `{userid.name}`"));
    rc_json_key(out, "auth_token");
    write_token(out, token, call->pool);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *plan_creation(rc_call_t *call, void *baton)
{
    rc_token_creation_t *request = baton;
    const char *role = rc_arg_text(call, RC_P_ROLE);
    json_object *lifetime = rc_arg_json(call, RC_P_LIFETIME);

    *request = (rc_token_creation_t){
        .user = rc_arg_user(call, RC_P_USERID),
        .role = rc_role_from_name(role ? role : ""),
        .lifetime = lifetime ? 0 : RC_NEVER,
        .description = rc_arg_text(call, RC_P_DESCRIPTION),
        .repo = rc_arg_repo(call, RC_P_REPOID),
        .group = rc_arg_repo_group(call, RC_P_REPOGROUPID),
    };
    if (!request->role)
        return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG, "role `%s` does not exist",
                                         rc_arg_sent(call, RC_P_ROLE)));
    if (lifetime && !rc_value_id(&request->lifetime, lifetime, true))
        return rc_arg_fault(call, rc_err_failed(call->pool, "lifetime is not an integer"));
    return NULL;
}

static rc_err_t *create_auth_token(rc_call_t *call, rc_json_t *out)
{
    rc_token_creation_t request;

    RC_TRY(rc_call_plan(call, plan_creation, &request));
    RC_TRY(rc_user_token_create(&call->actor, &request));
    return answer_new(out, call, &request.made);
}

static rc_err_t *plan_choice(rc_call_t *call, void *baton)
{
    rc_token_choice_t *request = baton;
    json_object *sent = rc_arg_json(call, RC_P_AUTH_TOKEN_ID);
    apr_int64_t id = 0;

    *request = (rc_token_choice_t){.user = rc_arg_user(call, RC_P_USERID)};
    if (!sent)
        return NULL;
    rc_value_id(&id, sent, false); /* a text that is none is no token */
    request->which = apr_psprintf(call->pool, "%" APR_INT64_T_FMT, id);
    return NULL;
}

/* Gives the errors of a choice the texts of the contract. */
static rc_err_t *explain_choice(rc_err_t *err, rc_call_t *call, const rc_token_choice_t *request)
{
    if (!err)
        return NULL;
    if (!request->which)
        rc_arg_rename(call, RC_P_AUTH_TOKEN_ID,
                      apr_psprintf(call->pool, "%" APR_INT64_T_FMT, request->token.key.id));
    if (err->kind != RC_E_NOTFOUND)
        return err;
    return rc_err(call->pool, RC_E_ARG, "auth token `%s` does not exist",
                  rc_arg_sent(call, RC_P_AUTH_TOKEN_ID));
}

static rc_err_t *delete_auth_token(rc_call_t *call, rc_json_t *out)
{
    rc_token_choice_t request;

    RC_TRY(rc_call_plan(call, plan_choice, &request));
    if (!request.which)
        return rc_err_failed(call->pool, "no token is named");
    RC_TRY(explain_choice(rc_user_token_delete(&call->actor, &request), call, &request));
    return rc_call_answer_success(out, call,
                                  "deleted auth token ID:{auth_token_id} for user `{userid.name}`");
}

static rc_err_t *reset_auth_token(rc_call_t *call, rc_json_t *out)
{
    rc_token_choice_t request;

    RC_TRY(rc_call_plan(call, plan_choice, &request));
    RC_TRY(explain_choice(rc_user_token_reset(&call->actor, &request), call, &request));
    return answer_new(out, call, &request.token);
}

/* clang-format off */
const rc_method_t rc_methods_token[] = {
    {"get_auth_tokens", get_auth_tokens, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER)),
     NULL, "Describe the keys of a user, masked: the main key, then the tokens."},
    {"create_auth_token", create_auth_token, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_ROLE, RC_TEXT, "'token_role_all'"),
               RC_ARG(RC_P_LIFETIME, RC_ANY, "-1"),
               RC_OBJECT(RC_P_REPOID, RC_REPO, "None", RC_READ),
               RC_OBJECT(RC_P_REPOGROUPID, RC_REPO_GROUP, "None", RC_READ)),
     "failed to create auth token for user `{userid.name}`",
     "Create a token with a role (all, api, feed, http, vcs), a lifetime in minutes, and a scope."},
    {"delete_auth_token", delete_auth_token, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_AUTH_TOKEN_ID, RC_ANY, RC_REQUIRED),
               RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER)),
     "failed to delete auth token ID:{auth_token_id}", "Delete a token of a user."},
    {"reset_auth_token", reset_auth_token, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_USERID, RC_SELF, RC_CALLER),
               RC_ARG(RC_P_AUTH_TOKEN_ID, RC_ANY, "None")),
     "failed to reset auth token ID:{auth_token_id}",
     "Replace the main key or a token by a new one; the old one is void at once."},
    {.name = NULL},
};
/* clang-format on */
