// SPDX-License-Identifier: Apache-2.0
/*
 * Turns what a client of version control sent into credentials. A token is found by its digest, so
 * it is looked for first; only then is a password checked, which is slow.
 */
#include "domain/sign_in.h"

#include <string.h>

#include "caller.h"
#include "domain/login.h"

/* Returns whether the name goes with tokens only: a password is never checked for it. */
static bool is_token_user(const char *user)
{
    return !*user || !strcmp(user, RC_TOKEN_USER);
}

/* Sets *@a owner to NULL unless @a user is their name (in any case), their address, or none. */
static rc_err_t *check_owner_name(rc_caller_t **owner, rc_db_t *db, const char *user,
                                  apr_pool_t *pool)
{
    rc_caller_t *named;

    if (!*owner || is_token_user(user))
        return NULL;
    RC_TRY(rc_auth_by_login(&named, db, user, pool));
    if (!named || named->user_id != (*owner)->user_id)
        *owner = NULL;
    return NULL;
}

/* Finds the owner of a key, whatever its role. */
static rc_err_t *find_key_owner(rc_caller_t **owner, rc_env_t *env, const char *user,
                                const char *password, apr_pool_t *pool)
{
    rc_db_t *db;

    RC_TRY(rc_db_acquire(&db, env->db_pool, pool));
    RC_TRY(rc_auth_by_key(owner, db, password, pool));
    RC_TRY(check_owner_name(owner, db, user, pool));
    rc_db_release(db);
    return NULL;
}

rc_err_t *rc_sign_in_token(rc_caller_t **owner, rc_env_t *env, const char *user,
                           const char *password, apr_pool_t *pool)
{
    RC_TRY(find_key_owner(owner, env, user, password, pool));
    if (*owner && (!(*owner)->active || !((*owner)->role & RC_ROLES_OF_TRANSFERS)))
        *owner = NULL;
    return NULL;
}

static void use_key(rc_credentials_t *credentials, const char *key)
{
    credentials->key = key;
    credentials->only_key = true;
}

/* Leaves the credentials empty, which refuses the request, when nothing fits. */
static rc_err_t *by_basic(rc_credentials_t *credentials, rc_env_t *env, const rc_sign_in_t *sent,
                          apr_pool_t *pool)
{
    const rc_login_try_t attempt = {sent->user, sent->password, NULL};
    rc_caller_t *owner;
    rc_identity_t who;
    rc_login_t result;

    RC_TRY(find_key_owner(&owner, env, sent->user, sent->password, pool));
    if (owner)
        use_key(credentials, sent->password);
    if (owner || is_token_user(sent->user))
        return NULL;
    RC_TRY(rc_login(&result, &who, env->db_pool, &env->passwords, &attempt, pool));
    if (result == RC_LOGIN_RIGHT)
        credentials->login = who.caller->username;
    return NULL;
}

rc_err_t *rc_sign_in(rc_credentials_t *credentials, rc_env_t *env, const rc_sign_in_t *sent,
                     apr_pool_t *pool)
{
    *credentials = (rc_credentials_t){.roles = RC_ROLES_OF_TRANSFERS, .ip = sent->ip};
    if (sent->key)
        use_key(credentials, sent->key);
    else if (sent->user)
        return by_basic(credentials, env, sent, pool);
    else if (sent->login)
        credentials->login = sent->login;
    else
        credentials->anonymous = true;
    return NULL;
}
