/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin token: lists, creates, deletes and replaces the keys of a user.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include "base/text.h"
#include "base/time.h"
#include "domain/token.h"

#define UNREADABLE "(cannot be decrypted with the secret file)"

/* Prints a key. Returns whether it can be decrypted. */
static bool print_key(const rc_admin_t *admin, const rc_token_t *token)
{
    const rc_user_key_t *key = &token->key;
    const char *clear, *expires = "never", *used = "never";
    bool readable = !rc_key_clear(&clear, rc_key_secret(admin->env), key, admin->pool);

    if (!clear)
        clear = readable ? "(not shown)" : UNREADABLE;
    if (key->expires != RC_NEVER)
        expires = rc_time_local(apr_time_from_sec(key->expires), admin->pool);
    if (key->last_used)
        used = rc_time_local(key->last_used, admin->pool);
    printf("%" APR_INT64_T_FMT "\t%s\t%s\t%s\t%s\t%s\t%s\t%s\n", key->id,
           key->main ? "main" : "token", key->role, expires, clear, key->description, token->scope,
           used);
    return readable;
}

static int list_tokens(rc_admin_t *admin, const rc_user_t *user)
{
    apr_array_header_t *tokens;
    rc_err_t *err = rc_user_tokens(&tokens, &admin->actor, user);
    int i, unreadable = 0;

    if (err)
        return rc_admin_result(admin, err);
    rc_admin_head(admin, "ID\tKIND\tROLE\tEXPIRES\tKEY\tDESCRIPTION\tSCOPE\tLAST USED");
    for (i = 0; i < tokens->nelts; i++)
        unreadable += !print_key(admin, &APR_ARRAY_IDX(tokens, i, rc_token_t));
    if (!unreadable)
        return RC_ADMIN_OK;
    return rc_admin_fail(RC_ADMIN_FAILED,
                         "%d keys cannot be decrypted with the secret file: was it replaced?",
                         unreadable);
}

static int print_new_key(rc_admin_t *admin, const rc_err_t *err, const rc_token_t *token)
{
    if (!err)
        puts(token->clear);
    return rc_admin_result(admin, err);
}

/* The scope of a new token, as the options name it. */
typedef struct scope_t {
    const char *repo, *group;
} scope_t;

/* Sets the scope of a request. */
static int find_scope(rc_token_creation_t *request, rc_admin_t *admin, const scope_t *scope)
{
    rc_viewer_t user = rc_viewer_user(request->user->id);
    rc_repo_group_t *group = NULL;
    rc_repo_t *repo = NULL;
    rc_err_t *err = NULL;

    if (scope->repo)
        err = rc_store_repo_seen_by_name(&repo, admin->actor.db, user, scope->repo, admin->pool);
    if (!err && scope->group)
        err = rc_store_repo_group_seen_by_name(&group, admin->actor.db, user, scope->group,
                                               admin->pool);
    if (err)
        return rc_admin_result(admin, err);
    if (scope->repo && !repo)
        return rc_admin_fail(RC_ADMIN_FAILED, "%s may read no repository `%s`",
                             request->user->username, scope->repo);
    if (scope->group && !group)
        return rc_admin_fail(RC_ADMIN_FAILED, "%s may read no repository group `%s`",
                             request->user->username, scope->group);
    request->repo = repo;
    request->group = group;
    return RC_ADMIN_OK;
}

static int create_token(rc_admin_t *admin, rc_token_creation_t *request, const char *role,
                        const char *lifetime)
{
    rc_err_t *err;

    request->role = rc_role_from_name(role);
    request->lifetime = RC_NEVER;
    if (!request->role)
        return rc_admin_fail(RC_ADMIN_USAGE, "--role must be one of all, api, feed, http, vcs");
    if (lifetime && !rc_text_int(&request->lifetime, lifetime))
        return rc_admin_fail(RC_ADMIN_USAGE, "--lifetime must be a number of minutes, or -1");
    err = rc_user_token_create(&admin->actor, request);
    return print_new_key(admin, err, &request->made);
}

/* Deletes a token, or replaces a key. */
static int change_token(rc_admin_t *admin, bool reset, rc_token_choice_t *choice)
{
    if (reset)
        return print_new_key(admin, rc_user_token_reset(&admin->actor, choice), &choice->token);
    return rc_admin_result(admin, rc_user_token_delete(&admin->actor, choice));
}

static const char *const verbs[] = {"list", "create", "delete", "reset"};

enum { LIST, CREATE, DELETE, RESET, VERBS };

static int find_verb(const char *word)
{
    int i;

    for (i = 0; word && i < VERBS; i++)
        if (!strcmp(verbs[i], word))
            return i;
    return VERBS;
}

int rc_admin_token(rc_admin_t *admin)
{
    const char *role = rc_admin_option(admin, "--role");
    const char *lifetime = rc_admin_option(admin, "--lifetime");
    const scope_t scope = {rc_admin_option(admin, "--repo"), rc_admin_option(admin, "--group")};
    rc_token_creation_t creation = {.description = rc_admin_option(admin, "--description")};
    rc_token_choice_t choice = {NULL};
    int verb = find_verb(rc_admin_word(admin)), status;
    rc_user_t *user;

    if (verb == VERBS)
        return rc_admin_fail(RC_ADMIN_USAGE, "token requires list, create, delete or reset");
    if ((status = rc_admin_user(&user, admin)))
        return status;
    if (verb == DELETE || verb == RESET)
        choice.which = rc_admin_word(admin);
    if (verb == DELETE && !choice.which)
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: token");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    creation.user = choice.user = user;
    if (verb == LIST)
        return list_tokens(admin, user);
    if (verb != CREATE)
        return change_token(admin, verb == RESET, &choice);
    if ((status = find_scope(&creation, admin, &scope)))
        return status;
    return create_token(admin, &creation, role ? role : "all", lifetime);
}
