// SPDX-License-Identifier: Apache-2.0
/*
 * Lists, creates, replaces and deletes the keys of a user, each change in one transaction with its
 * entry of the journal.
 */
#include "domain/token.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/text.h"
#include "user_keys.h"

#define SHOWN 4 /* characters of a masked key */
#define MASK  "****"

#define EXPIRED_MOST 100 /* tokens of a user that have expired and are still listed */

/* --- how wide a key is (contract 10 §6) --- */

/* Returns the roles of keys that a caller by a key of @a role can make. */
static unsigned narrower(rc_role_t role)
{
    switch (role) {
    case RC_ROLE_ALL:
        return RC_ROLE_ALL | RC_ROLE_HTTP | RC_ROLE_VCS | RC_ROLE_API | RC_ROLE_FEED;
    case RC_ROLE_API:
    case RC_ROLE_HTTP:
        return role | RC_ROLE_FEED;
    case RC_ROLE_VCS:
        return role;
    default:
        return 0;
    }
}

static bool same_scope(const rc_caller_t *caller, const rc_user_key_t *key)
{
    return caller->scope.repo_id == key->scope.repo_id &&
           caller->scope.group_id == key->scope.group_id;
}

static bool lives_longer(const rc_user_key_t *key, const rc_caller_t *caller)
{
    return caller->expires && (key->expires == RC_NEVER || key->expires > caller->expires);
}

/* Rejects a key that is wider than the one of the caller. Callers do not learn how. */
static rc_err_t *check_width(const rc_actor_t *actor, const rc_user_key_t *key)
{
    const rc_caller_t *caller = actor->caller;

    if (!(narrower(caller->role) & rc_role_from_name(key->role)))
        return rc_err_failed(actor->pool, "the key of the caller has a narrower role");
    if (lives_longer(key, caller))
        return rc_err_failed(actor->pool, "the key of the caller ends earlier");
    if (rc_caller_is_scoped(caller) && !same_scope(caller, key))
        return rc_err_failed(actor->pool, "the key of the caller has another scope");
    return NULL;
}

/* --- reading --- */

/* Returns the first characters of a key, or a mask alone when the server never reveals keys. */
static const char *mask(const rc_env_t *env, const rc_user_key_t *key, apr_pool_t *pool)
{
    const char *clear;
    rc_err_t *err = rc_key_clear(&clear, rc_key_secret(env), key, pool);

    if (err)
        rc_log(RC_LOG_ERR, err->cause, "key %" APR_INT64_T_FMT ": %s", key->id,
               rc_err_log_text(err, pool));
    if (err || !clear || strlen(clear) < 2 * SHOWN)
        return MASK MASK;
    return apr_pstrcat(pool, apr_pstrmemdup(pool, clear, SHOWN), MASK, NULL);
}

static const char *describe_scope(const rc_scoped_key_t *row, apr_pool_t *pool)
{
    const rc_key_scope_t *scope = &row->key.scope;
    const char *name = row->scope_name;

    if (!scope->repo_id && !scope->group_id)
        return "Global";
    if (!name) /* deleted, or hidden from the caller */
        name = apr_psprintf(pool, "_%" APR_INT64_T_FMT,
                            scope->repo_id ? scope->repo_id : scope->group_id);
    return scope->repo_id ? apr_pstrcat(pool, "Repository: ", name, NULL)
                          : apr_pstrcat(pool, "RepositoryGroup: ", name, " (recursive)", NULL);
}

static void describe_token(rc_token_t *token, const rc_actor_t *actor, const rc_scoped_key_t *row)
{
    apr_int64_t expires = row->key.expires;

    *token = (rc_token_t){.key = row->key,
                          .scope = describe_scope(row, actor->pool),
                          .shown = mask(actor->env, &row->key, actor->pool),
                          .expired = expires != RC_NEVER && expires < apr_time_sec(apr_time_now())};
}

/* Returns for whom the names of scopes are read; a program on this machine sees as a super-admin.
 */
static rc_err_t *viewer_of(rc_viewer_t *viewer, rc_actor_t *actor)
{
    rc_user_t *admin;

    *viewer = rc_caller_viewer(actor->caller);
    if (actor->caller->user_id)
        return NULL;
    RC_TRY(rc_store_first_admin(&admin, actor->db, actor->pool));
    if (admin)
        *viewer = rc_viewer_user(admin->id);
    return NULL;
}

static rc_err_t *read_rows(apr_array_header_t **rows, rc_actor_t *actor, const rc_user_t *user,
                           apr_int64_t id)
{
    rc_viewer_t viewer;

    RC_TRY(rc_actor_require_user(actor, user->id));
    RC_TRY(viewer_of(&viewer, actor));
    return rc_store_tokens(rows, actor->db, viewer, user->id, id, actor->pool);
}

rc_err_t *rc_user_tokens(apr_array_header_t **tokens, rc_actor_t *actor, const rc_user_t *user)
{
    apr_array_header_t *rows;
    int i;

    RC_TRY(read_rows(&rows, actor, user, 0));
    *tokens = apr_array_make(actor->pool, rows->nelts, sizeof(rc_token_t));
    for (i = 0; i < rows->nelts; i++) {
        const rc_scoped_key_t *row = &APR_ARRAY_IDX(rows, i, rc_scoped_key_t);

        if (!rc_caller_is_scoped(actor->caller) || same_scope(actor->caller, &row->key))
            describe_token(apr_array_push(*tokens), actor, row);
    }
    return NULL;
}

/* Sets *@a id to that of the chosen key; 0 when there is none. */
static rc_err_t *find_id(apr_int64_t *id, rc_actor_t *actor, const rc_token_choice_t *choice)
{
    unsigned char digest[RC_DIGEST_SIZE];
    rc_user_key_t *key;

    *id = 0;
    rc_key_digest(digest, choice->which);
    RC_TRY(rc_store_key_by_digest(&key, actor->db, choice->user->id, digest, RC_DIGEST_SIZE,
                                  actor->pool));
    if (key)
        *id = key->id;
    else
        rc_text_int(id, choice->which);
    return NULL;
}

/* Finds the chosen key, which must not be wider than that of the caller. */
static rc_err_t *find_choice(rc_actor_t *actor, rc_token_choice_t *choice)
{
    apr_array_header_t *rows;
    apr_int64_t id = 0;

    if (choice->which) {
        RC_TRY(find_id(&id, actor, choice));
        if (id <= 0)
            return rc_err(actor->pool, RC_E_NOTFOUND, "the user has no such token");
    }
    RC_TRY(read_rows(&rows, actor, choice->user, id));
    if (!rows->nelts)
        return rc_err(actor->pool, RC_E_NOTFOUND, "the user has no such token");
    describe_token(&choice->token, actor, &APR_ARRAY_IDX(rows, 0, rc_scoped_key_t));
    return check_width(actor, &choice->token.key);
}

/* --- changes --- */

static rc_err_t *journal_token(rc_actor_t *actor, const rc_user_t *user, const char *done,
                               const char *what)
{
    return rc_actor_journal_user(actor, user->id, user->username, done, what);
}

static const char *name_key(const rc_token_t *token, apr_pool_t *pool)
{
    return apr_psprintf(pool, "ID:%" APR_INT64_T_FMT, token->key.id);
}

/* Requires that the user of the new token may read its scope. */
static rc_err_t *check_scope(rc_actor_t *actor, const rc_token_creation_t *request)
{
    bool is_repo = request->repo != NULL;
    rc_level_t level;

    if (!request->repo && !request->group)
        return NULL;
    if (request->repo && request->group)
        return rc_err_failed(actor->pool, "a token has one scope, not two");
    RC_TRY(rc_rule_level(&level, actor->db, is_repo ? RC_KIND_REPO : RC_KIND_REPO_GROUP,
                         rc_viewer_user(request->user->id),
                         is_repo ? request->repo->id : request->group->id));
    if (level >= RC_READ)
        return NULL;
    return rc_err(actor->pool, RC_E_ARG, "%s `%s` does not exist",
                  is_repo ? "repository" : "repository group",
                  is_repo ? request->repo->name : request->group->name);
}

/* Fills the row of a new token. */
static rc_err_t *plan_row(rc_user_key_t *key, rc_actor_t *actor, const rc_token_creation_t *request)
{
    *key = (rc_user_key_t){.user_id = request->user->id,
                           .role = rc_role_name(request->role),
                           .description = request->description ? request->description : "",
                           .expires = RC_NEVER};
    if (request->repo)
        key->scope.repo_id = request->repo->id;
    if (request->group)
        key->scope.group_id = request->group->id;
    return rc_key_plan(key, request->lifetime, actor->pool);
}

static rc_err_t *create_token(rc_actor_t *actor, void *baton)
{
    rc_token_creation_t *request = *(rc_token_creation_t **)baton;
    rc_token_t *made = &request->made;
    apr_array_header_t *rows;
    rc_user_key_t key;
    const char *clear = NULL;

    RC_TRY(rc_actor_require_user(actor, request->user->id));
    RC_TRY(rc_user_not_default(request->user, actor->pool));
    RC_TRY(plan_row(&key, actor, request));
    RC_TRY(check_scope(actor, request));
    RC_TRY(check_width(actor, &key));
    if (request->replace_expired)
        RC_TRY(rc_store_keys_delete_expired(actor->db, request->user->id, key.description));
    RC_TRY(rc_store_keys_delete_old(actor->db, request->user->id, EXPIRED_MOST));
    RC_TRY(rc_key_insert(&clear, &key, actor->db, rc_key_secret(actor->env), actor->pool));
    RC_TRY(read_rows(&rows, actor, request->user, key.id));
    describe_token(made, actor, &APR_ARRAY_IDX(rows, 0, rc_scoped_key_t));
    made->clear = clear;
    return journal_token(actor, request->user, "created_token",
                         apr_pstrcat(actor->pool, key.role, " ", name_key(made, actor->pool), ", ",
                                     made->scope, NULL));
}

rc_err_t *rc_user_token_create(rc_actor_t *actor, rc_token_creation_t *request)
{
    return rc_actor_txn(actor, create_token, &request);
}

static rc_err_t *delete_token(rc_actor_t *actor, void *baton)
{
    rc_token_choice_t *request = *(rc_token_choice_t **)baton;

    RC_TRY(rc_actor_require_user(actor, request->user->id));
    RC_TRY(find_choice(actor, request));
    if (request->token.key.main)
        return rc_err_failed(actor->pool, "the main key cannot be deleted, only reset");
    RC_TRY(rc_store_key_delete(actor->db, request->token.key.id));
    return journal_token(actor, request->user, "deleted_token",
                         name_key(&request->token, actor->pool));
}

rc_err_t *rc_user_token_delete(rc_actor_t *actor, rc_token_choice_t *request)
{
    return rc_actor_txn(actor, delete_token, &request);
}

static rc_err_t *reset_token(rc_actor_t *actor, void *baton)
{
    rc_token_choice_t *request = *(rc_token_choice_t **)baton;
    rc_token_t *token = &request->token;
    const char *clear = NULL;

    RC_TRY(rc_actor_require_user(actor, request->user->id));
    RC_TRY(rc_user_not_default(request->user, actor->pool));
    RC_TRY(find_choice(actor, request));
    RC_TRY(rc_key_replace(&clear, &token->key, actor->db, rc_key_secret(actor->env), actor->pool));
    token->clear = clear;
    return token->key.main
               ? journal_token(actor, request->user, "reset_key", NULL)
               : journal_token(actor, request->user, "reset_token", name_key(token, actor->pool));
}

rc_err_t *rc_user_token_reset(rc_actor_t *actor, rc_token_choice_t *request)
{
    return rc_actor_txn(actor, reset_token, &request);
}
