// SPDX-License-Identifier: Apache-2.0
/*
 * Main keys and tokens, as rows. Clear values never come here.
 */
#include "user_read.h"

/* The one place that knows the order of USER_KEY_COLUMNS. */
void rc_read_user_key(rc_user_key_t *key, rc_stmt_t *st, apr_pool_t *pool)
{
    rc_blob_t sealed = rc_column_blob(st, 7, pool);

    key->user_id = rc_column_int(st, 0);
    key->id = rc_column_int(st, 1);
    key->main = rc_column_bool(st, 2);
    key->role = rc_column_text(st, 3, pool);
    key->description = rc_column_text(st, 4, pool);
    key->expires = rc_column_int(st, 5);
    key->created_on = rc_column_int(st, 6);
    key->sealed = sealed.data;
    key->sealed_len = sealed.len;
}

rc_err_t *rc_store_keys_each(rc_db_t *db, apr_int64_t user_id,
                             rc_err_t *(*fn)(void *baton, const rc_user_key_t *key), void *baton,
                             apr_pool_t *pool)
{
    apr_pool_t *scratch;
    rc_user_key_t key;
    rc_err_t *err;
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_stmt(&st, db, SQL_USER_KEYS));
    RC_TRY(rc_bind(st, db, "i", user_id));
    apr_pool_create(&scratch, pool);
    while (!(err = rc_step(&found, st, db)) && found) {
        apr_pool_clear(scratch);
        rc_read_user_key(&key, st, scratch);
        if ((err = fn(baton, &key)))
            break;
    }
    rc_done(st);
    apr_pool_destroy(scratch);
    return err;
}

rc_err_t *rc_store_key_insert(rc_db_t *db, const rc_user_key_t *key, const unsigned char *digest,
                              int len)
{
    rc_blob_t digest_blob = {digest, len}, sealed = {key->sealed, key->sealed_len};
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_KEY_INSERT));
    RC_TRY(rc_bind(st, db, "ibbdssii", key->user_id, &digest_blob, &sealed, (int)key->main,
                   key->role, key->description, key->expires, (apr_int64_t)apr_time_now()));
    return rc_run(st, db);
}

rc_err_t *rc_store_main_key_replace(rc_db_t *db, const rc_user_key_t *key,
                                    const unsigned char *digest, int len)
{
    rc_blob_t digest_blob = {digest, len}, sealed = {key->sealed, key->sealed_len};
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_KEY_MAIN_REPLACE));
    RC_TRY(
        rc_bind(st, db, "ibbi", key->user_id, &digest_blob, &sealed, (apr_int64_t)apr_time_now()));
    return rc_run(st, db);
}

rc_err_t *rc_store_key_by_digest(rc_user_key_t **out, rc_db_t *db, apr_int64_t user_id,
                                 const unsigned char *digest, int len, apr_pool_t *pool)
{
    rc_blob_t blob = {digest, len};
    rc_stmt_t *st;
    bool found;

    *out = NULL;
    RC_TRY(rc_stmt(&st, db, SQL_KEY_BY_DIGEST));
    RC_TRY(rc_bind(st, db, "ib", user_id, &blob));
    RC_TRY(rc_step(&found, st, db));
    if (found) {
        *out = apr_pcalloc(pool, sizeof(**out));
        rc_read_user_key(*out, st, pool);
    }
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_key_delete(rc_db_t *db, apr_int64_t key_id)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_KEY_DELETE));
    RC_TRY(rc_bind(st, db, "i", key_id));
    return rc_run(st, db);
}
