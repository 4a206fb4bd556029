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
    return explain_key(rc_store_key_insert(db, &row, digest, RC_DIGEST_SIZE));
}

rc_err_t *rc_main_key_reset(const char **key, rc_db_t *db, const rc_secret_t *secret,
                            apr_int64_t user_id, apr_pool_t *pool)
{
    rc_user_key_t row = {.user_id = user_id};
    unsigned char digest[RC_DIGEST_SIZE];

    RC_TRY(prepare_key(&row, digest, key, secret, pool));
    return explain_key(rc_store_main_key_replace(db, &row, digest, RC_DIGEST_SIZE));
}

rc_err_t *rc_token_create(const char **token, rc_db_t *db, const rc_secret_t *secret,
                          const rc_new_token_t *new_token, apr_pool_t *pool)
{
    rc_user_key_t row = {.user_id = new_token->user_id,
                         .role = rc_role_name(new_token->role),
                         .description = new_token->description ? new_token->description : "",
                         .expires = RC_NEVER};
    unsigned char digest[RC_DIGEST_SIZE];

    if (!row.role)
        return rc_err(pool, RC_E_ARG, "unknown token role");
    if (rc_text_has_control(row.description) ||
        !rc_utf8_valid(row.description, strlen(row.description)))
        return rc_err(pool, RC_E_ARG, "the description is not plain text");
    if (new_token->lifetime != RC_NEVER) {
        if (new_token->lifetime < 0 || new_token->lifetime > MAX_LIFETIME)
            return rc_err(pool, RC_E_ARG, "lifetime is not a number of minutes");
        row.expires = apr_time_sec(apr_time_now()) + new_token->lifetime * 60;
    }
    *token = NULL;
    RC_TRY(prepare_key(&row, digest, token, secret, pool));
    return rc_store_key_insert(db, &row, digest, RC_DIGEST_SIZE);
}

typedef struct find_t {
    apr_int64_t id; /* to find */
    bool found, main;
} find_t;

static rc_err_t *match_id(void *baton, const rc_user_key_t *key)
{
    find_t *find = baton;

    if (key->id == find->id) {
        find->found = true;
        find->main = key->main;
    }
    return NULL;
}

rc_err_t *rc_token_delete(rc_db_t *db, apr_int64_t user_id, const char *which, apr_pool_t *pool)
{
    unsigned char digest[RC_DIGEST_SIZE];
    find_t find = {0, false, false};
    rc_user_key_t *key;

    rc_key_digest(digest, which);
    RC_TRY(rc_store_key_by_digest(&key, db, user_id, digest, RC_DIGEST_SIZE, pool));
    if (key)
        find = (find_t){key->id, true, key->main};
    else if (rc_text_int(&find.id, which))
        RC_TRY(rc_store_keys_each(db, user_id, match_id, &find, pool));
    if (!find.found)
        return rc_err(pool, RC_E_NOTFOUND, "the user has no such token");
    if (find.main)
        return rc_err(pool, RC_E_ARG, "the main key cannot be deleted, only reset");
    return rc_store_key_delete(db, find.id);
}
