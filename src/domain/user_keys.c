// SPDX-License-Identifier: Apache-2.0
/*
 * Creates, seals, unseals, replaces and deletes keys of users. The database stores a digest, by
 * which keys are looked up, and the clear value in encrypted form only, bound to its user.
 */
#include "user_keys.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

#define MAX_LIFETIME (APR_INT64_C(60) * 24 * 366 * 1000) /* minutes: a thousand years */

const rc_secret_t *rc_key_secret(const rc_env_t *env)
{
    return env->config->reveal_keys ? env->secret : NULL;
}

const char *rc_key_context(apr_int64_t user_id, apr_pool_t *pool)
{
    return apr_psprintf(pool, "key of user %" APR_INT64_T_FMT, user_id);
}

/* Generates a key unless one is given, and fills in its digest and sealed form. */
static rc_err_t *prepare_key(rc_user_key_t *row, unsigned char digest[RC_DIGEST_SIZE],
                             const char **key, const rc_secret_t *secret, apr_pool_t *pool)
{
    if (!*key)
        RC_TRY(rc_key_generate(key, pool));
    if (!**key)
        return rc_err(pool, RC_E_ARG, "a key cannot be empty");
    rc_key_digest(digest, *key);
    if (!secret)
        return NULL;
    return rc_secret_seal(&row->sealed, &row->sealed_len, secret, *key,
                          rc_key_context(row->user_id, pool), pool);
}

static rc_err_t *explain_key(rc_err_t *err)
{
    if (err && err->kind == RC_E_CONFLICT)
        err->msg = "this key is in use";
    return err;
}

rc_err_t *rc_key_clear(const char **clear, const rc_secret_t *secret, const rc_user_key_t *key,
                       apr_pool_t *pool)
{
    *clear = NULL;
    if (!secret || !key->sealed)
        return NULL;
    return rc_secret_unseal(clear, secret, key->sealed, key->sealed_len,
                            rc_key_context(key->user_id, pool), pool);
}

rc_err_t *rc_main_key_create(const char *key, rc_db_t *db, const rc_secret_t *secret,
                             apr_int64_t user_id, apr_pool_t *pool)
{
    rc_user_key_t row = {.user_id = user_id,
                         .main = true,
                         .role = rc_role_name(RC_ROLE_ALL),
                         .description = "",
                         .expires = RC_NEVER};
    unsigned char digest[RC_DIGEST_SIZE];

    RC_TRY(prepare_key(&row, digest, &key, secret, pool));
    return explain_key(rc_store_key_insert(&row, db, digest, RC_DIGEST_SIZE));
}

rc_err_t *rc_key_plan(rc_user_key_t *key, apr_int64_t lifetime, apr_pool_t *pool)
{
    if (!key->role)
        return rc_err_failed(pool, "unknown token role");
    if (rc_text_has_control(key->description) ||
        !rc_utf8_valid(key->description, strlen(key->description)))
        return rc_err_failed(pool, "the description is not plain text");
    key->expires = RC_NEVER;
    if (lifetime == RC_NEVER)
        return NULL;
    if (lifetime < 1 || lifetime > MAX_LIFETIME)
        return rc_err_failed(pool, "lifetime is not a number of minutes");
    key->expires = apr_time_sec(apr_time_now()) + lifetime * 60;
    return NULL;
}

rc_err_t *rc_key_insert(const char **clear, rc_user_key_t *key, rc_db_t *db,
                        const rc_secret_t *secret, apr_pool_t *pool)
{
    unsigned char digest[RC_DIGEST_SIZE];

    *clear = NULL;
    RC_TRY(prepare_key(key, digest, clear, secret, pool));
    return rc_store_key_insert(key, db, digest, RC_DIGEST_SIZE);
}

rc_err_t *rc_key_replace(const char **clear, rc_user_key_t *key, rc_db_t *db,
                         const rc_secret_t *secret, apr_pool_t *pool)
{
    unsigned char digest[RC_DIGEST_SIZE];

    *clear = NULL;
    key->sealed = NULL;
    key->sealed_len = 0;
    RC_TRY(prepare_key(key, digest, clear, secret, pool));
    key->created_on = apr_time_now();
    key->last_used = 0;
    return rc_store_key_replace(db, key, digest, RC_DIGEST_SIZE);
}

rc_err_t *rc_token_create(const char **token, rc_db_t *db, const rc_secret_t *secret,
                          const rc_new_token_t *new_token, apr_pool_t *pool)
{
    rc_user_key_t key = {.user_id = new_token->user_id,
                         .role = rc_role_name(new_token->role),
                         .description = new_token->description ? new_token->description : ""};

    RC_TRY(rc_key_plan(&key, new_token->lifetime, pool));
    return rc_key_insert(token, &key, db, secret, pool);
}
