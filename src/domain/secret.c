// SPDX-License-Identifier: Apache-2.0
/*
 * Rotates the secret, and detects a wrong secret file. The steps of a rotation: the new secret is
 * written into the file in front of the former one; one transaction encrypts everything again; the
 * former secret is removed from the file. All code that seals does so inside a write transaction
 * and checks the file for a newer secret first, so nothing is sealed with the former secret after
 * that transaction has begun.
 */
#include "domain/secret.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "store/journal.h"
#include "base/log.h"
#include "domain/repo.h"
#include "domain/task.h"
#include "domain/webhook.h"
#include "store/sealed.h"
#include "store/setting.h"
#include "user_keys.h"

#define FINGERPRINT "secret_fingerprint"

typedef struct rotate_t {
    rc_rotation_t *done;
    const rc_env_t *env;
    rc_db_t *db;
    const rc_journal_actor_t *actor;
    apr_pool_t *pool;
} rotate_t;

static const char *context_of(rc_sealed_kind_t kind, const rc_sealed_t *row, apr_pool_t *pool)
{
    switch (kind) {
    case RC_SEALED_KEYS:
        return rc_key_context(row->user_id, pool);
    case RC_SEALED_URIS:
        return RC_CLONE_URI_CONTEXT;
    case RC_SEALED_WEBHOOKS:
        return RC_WEBHOOK_CONTEXT;
    default:
        return RC_TASK_CONTEXT;
    }
}

static rc_err_t *reseal(rotate_t *rotate, rc_sealed_kind_t kind, rc_sealed_t *row, apr_pool_t *pool)
{
    const rc_secret_t *secret = rotate->env->secret;
    const char *clear, *context = context_of(kind, row, pool);

    if (rc_secret_unseal(&clear, secret, row->data, row->len, context, pool)) {
        rotate->done->unreadable++;
        return NULL;
    }
    RC_TRY(rc_secret_seal(&row->data, &row->len, secret, clear, context, pool));
    rotate->done->resealed++;
    return rc_store_reseal(rotate->db, kind, row);
}

static rc_err_t *reseal_all(rotate_t *rotate, rc_sealed_kind_t kind)
{
    apr_array_header_t *rows;
    apr_int64_t after = 0;
    apr_pool_t *scratch;
    rc_err_t *err;
    int i;

    apr_pool_create(&scratch, rotate->pool);
    do {
        apr_pool_clear(scratch);
        err = rc_store_sealed_next(&rows, rotate->db, kind, after, scratch);
        for (i = 0; !err && i < rows->nelts; i++) {
            rc_sealed_t *row = &APR_ARRAY_IDX(rows, i, rc_sealed_t);

            after = row->id;
            err = reseal(rotate, kind, row, scratch);
        }
    } while (!err && rows->nelts);
    if (err)
        err = rc_err_internal(rotate->pool, APR_SUCCESS, "%s", rc_err_log_text(err, scratch));
    apr_pool_destroy(scratch);
    return err;
}

/* Stores the fingerprint of the current secret in the database. Inside a transaction. */
static rc_err_t *note_secret(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    return rc_store_setting_set(db, FINGERPRINT, rc_secret_fingerprint(env->secret, pool));
}

static rc_err_t *rotate_in_txn(void *baton, rc_db_t *db)
{
    rotate_t *rotate = baton;

    rotate->db = db;
    *rotate->done = (rc_rotation_t){0, 0};
    RC_TRY(rc_secret_rotation_begin(rotate->env->secret, rotate->pool));
    RC_TRY(reseal_all(rotate, RC_SEALED_KEYS));
    RC_TRY(reseal_all(rotate, RC_SEALED_URIS));
    RC_TRY(reseal_all(rotate, RC_SEALED_WEBHOOKS));
    RC_TRY(reseal_all(rotate, RC_SEALED_TASKS));
    RC_TRY(rc_store_journal_add(db, rotate->actor, 0, NULL, "admin_rotated_secret"));
    return note_secret(rotate->env, db, rotate->pool);
}

rc_err_t *rc_sealed_rotate(rc_rotation_t *done, const rc_env_t *env, rc_db_t *db,
                           const rc_journal_actor_t *actor, apr_pool_t *pool)
{
    const char *path = env->config->secret_file;
    const char *folder = apr_pstrmemdup(pool, path, (apr_size_t)(strrchr(path, '/') - path));
    rotate_t rotate = {.done = done, .env = env, .actor = actor, .pool = pool};
    bool locked;

    RC_TRY(rc_fs_lock(&locked, *folder ? folder : "/", 0, pool));
    if (!locked)
        return rc_err(pool, RC_E_CONFLICT, "the secret is being rotated already");
    RC_TRY(rc_db_txn(db, rotate_in_txn, &rotate));
    return rc_secret_rotation_end(env->secret, pool);
}

/* For a database from before fingerprints: sets *@a opens to whether any key can be unsealed. */
static rc_err_t *opens_something(bool *opens, const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    apr_array_header_t *rows;
    const char *clear;
    int i;

    RC_TRY(rc_store_sealed_next(&rows, db, RC_SEALED_KEYS, 0, pool));
    *opens = !rows->nelts;
    for (i = 0; !*opens && i < rows->nelts; i++) {
        const rc_sealed_t *row = &APR_ARRAY_IDX(rows, i, rc_sealed_t);

        *opens = !rc_secret_unseal(&clear, env->secret, row->data, row->len,
                                   context_of(RC_SEALED_KEYS, row, pool), pool);
    }
    return NULL;
}

rc_err_t *rc_sealed_check(bool *fits, const rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    const char *noted;

    RC_TRY(rc_store_setting(&noted, db, FINGERPRINT, pool));
    if (!noted)
        return opens_something(fits, env, db, pool);
    *fits = rc_secret_has(env->secret, noted, pool);
    return NULL;
}

static rc_err_t *note_in_txn(void *baton, rc_db_t *db)
{
    rotate_t *rotate = baton;

    return note_secret(rotate->env, db, rotate->pool);
}

rc_err_t *rc_sealed_start(const rc_env_t *env, apr_pool_t *pool)
{
    rotate_t start = {.env = env, .pool = pool};
    const char *noted;
    bool fits;

    RC_TRY(rc_db_acquire(&start.db, env->db_pool, pool));
    RC_TRY(rc_sealed_check(&fits, env, start.db, pool));
    if (!fits) {
        rc_log(RC_LOG_ERR, APR_SUCCESS,
               "%s is not the secret that %s was encrypted with: put the former file back, or that "
               "of the other servers. Until then keys are accepted, but not shown, and new ones "
               "get lost when it comes back",
               env->config->secret_file, env->config->db.path);
        return NULL;
    }
    RC_TRY(rc_store_setting(&noted, start.db, FINGERPRINT, pool));
    return noted ? NULL : rc_db_txn(start.db, note_in_txn, &start);
}
