// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the rows for authentication: the owner of a key or login, and the IP addresses they may
 * use.
 */
#include "store/caller.h"

#include "sql.h"

static void read_caller(rc_caller_row_t *row, rc_stmt_t *st, apr_pool_t *pool)
{
    row->user_id = rc_column_int(st, 0);
    row->username = rc_column_text(st, 1, pool);
    row->active = rc_column_bool(st, 2);
    row->admin = rc_column_bool(st, 3);
    row->inherits = rc_column_bool(st, 4);
    row->restricted = rc_column_bool(st, 5);
}

/* Steps the statement; *@a out is NULL without a row. The caller reads the columns from 6 on, and
 * calls rc_done. */
static rc_err_t *step_caller(rc_caller_row_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *out = NULL;
    if (found) {
        *out = apr_pcalloc(pool, sizeof(**out));
        read_caller(*out, st, pool);
    }
    return NULL;
}

rc_err_t *rc_store_caller_by_digest(rc_caller_row_t **out, rc_db_t *db, const unsigned char *digest,
                                    int len, apr_pool_t *pool)
{
    rc_blob_t blob = {digest, len};
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_CALLER_BY_KEY, "b", &blob));
    RC_TRY(step_caller(out, st, db, pool));
    if (*out) {
        (*out)->role = rc_column_text(st, 6, pool);
        (*out)->expires = rc_column_int(st, 7);
        (*out)->key_id = rc_column_int(st, 8);
        (*out)->repo_id = rc_column_int(st, 9);
        (*out)->group_id = rc_column_int(st, 10);
        (*out)->last_used = rc_column_int(st, 11);
    }
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_caller_by_name(rc_caller_row_t **out, rc_db_t *db, const char *username,
                                  apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_CALLER_BY_NAME, "s", username));
    RC_TRY(step_caller(out, st, db, pool));
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_caller_by_login(rc_caller_row_t **out, const char **password, rc_db_t *db,
                                   const char *login, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_CALLER_BY_LOGIN, "s", login));
    RC_TRY(step_caller(out, st, db, pool));
    *password = *out ? rc_column_text(st, 6, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_caller_ips(apr_array_header_t **entries, rc_db_t *db, apr_int64_t user_id,
                              bool inherits, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_CALLER_IPS, "id", user_id, (int)inherits));
    return rc_texts(entries, st, 0, db, pool);
}
