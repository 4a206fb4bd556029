// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes main keys and tokens. Only their digest and their encrypted form are stored,
 * never the clear text.
 */
#include "user_read.h"

/* The only place that knows the order of USER_KEY_COLUMNS. */
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
    key->scope = (rc_key_scope_t){rc_column_int(st, 8), rc_column_int(st, 9)};
    key->last_used = rc_column_int(st, 10);
}

rc_err_t *rc_store_keys_each(rc_db_t *db, apr_int64_t user_id,
                             rc_err_t *(*fn)(void *baton, const rc_user_key_t *key), void *baton,
                             apr_pool_t *pool)
{
    rc_user_key_t key;
    rc_rows_t rows;
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_KEYS, "i", user_id));
    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);) {
        rc_read_user_key(&key, st, rows.scratch);
        rows.err = fn(baton, &key);
    }
    return rc_rows_end(&rows);
}

rc_err_t *rc_store_tokens(apr_array_header_t **out, rc_db_t *db, rc_viewer_t viewer,
                          apr_int64_t user_id, apr_int64_t key_id, apr_pool_t *pool)
{
    rc_scoped_key_t *token;
    rc_stmt_t *st;
    bool found;

    *out = apr_array_make(pool, 4, sizeof(*token));
    RC_TRY(rc_query(&st, db, SQL_TOKENS, "iii", viewer.id, user_id, key_id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        token = apr_array_push(*out);
        rc_read_user_key(&token->key, st, pool);
        token->scope_name = rc_column_text(st, 11, pool);
    }
}

rc_err_t *rc_store_key_insert(rc_user_key_t *key, rc_db_t *db, const unsigned char *digest, int len)
{
    rc_blob_t digest_blob = {digest, len}, sealed = {key->sealed, key->sealed_len};
    apr_int64_t created_on = apr_time_now();
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_KEY_INSERT, "ibbdstiirr", key->user_id, &digest_blob, &sealed,
                    (int)key->main, key->role, key->description, key->expires, created_on,
                    key->scope.repo_id, key->scope.group_id));
    return rc_insert(&key->id, st, db);
}

rc_err_t *rc_store_key_replace(rc_db_t *db, const rc_user_key_t *key, const unsigned char *digest,
                               int len)
{
    rc_blob_t digest_blob = {digest, len}, sealed = {key->sealed, key->sealed_len};

    return rc_execute(db, SQL_KEY_REPLACE, "ibbi", key->id, &digest_blob, &sealed,
                      (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_key_used(rc_db_t *db, apr_int64_t key_id, apr_interval_time_t age)
{
    apr_int64_t taken = apr_time_now();

    return rc_execute(db, SQL_KEY_USED, "iii", key_id, taken, taken - age);
}

rc_err_t *rc_store_key_by_digest(rc_user_key_t **out, rc_db_t *db, apr_int64_t user_id,
                                 const unsigned char *digest, int len, apr_pool_t *pool)
{
    rc_blob_t blob = {digest, len};
    rc_stmt_t *st;
    bool found;

    *out = NULL;
    RC_TRY(rc_query(&st, db, SQL_KEY_BY_DIGEST, "ib", user_id, &blob));
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
    return rc_execute(db, SQL_KEY_DELETE, "i", key_id);
}

rc_err_t *rc_store_keys_delete_expired(rc_db_t *db, apr_int64_t user_id, const char *description)
{
    return rc_execute(db, SQL_KEYS_DELETE_EXPIRED, "iti", user_id, description,
                      (apr_int64_t)apr_time_sec(apr_time_now()));
}

rc_err_t *rc_store_keys_delete_old(rc_db_t *db, apr_int64_t user_id, int most)
{
    return rc_execute(db, SQL_KEYS_DELETE_OLD, "iii", user_id,
                      (apr_int64_t)apr_time_sec(apr_time_now()), (apr_int64_t)most);
}
