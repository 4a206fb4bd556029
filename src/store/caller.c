// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the rows for authentication: the owner of a key or login, and the IP addresses they may
 * use.
 */
#include "store/caller.h"

#include <stddef.h>
#include <string.h>

#include "flat.h"
#include "sql.h"

static const apr_size_t texts[] = {offsetof(rc_caller_row_t, username),
                                   offsetof(rc_caller_row_t, role)};
static const rc_flat_t form = {sizeof(rc_caller_row_t), texts, 2};

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

/* Keeps a caller. Unknown ones are not kept: they could be as many as anybody sends. */
static void keep_caller(rc_db_t *db, const rc_memory_key_t *key, const rc_caller_row_t *row,
                        apr_pool_t *pool)
{
    if (row)
        rc_remember(db, key, RC_SINCE_RECALL, rc_flat_pack(&form, row, pool));
}

/* Reads the owner of the key that the statement finds. */
static rc_err_t *read_owner(rc_caller_row_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    RC_TRY(step_caller(out, st, db, pool));
    if (*out) {
        (*out)->role = rc_column_text(st, 6, pool);
        (*out)->expires = rc_column_int(st, 7);
        (*out)->key_id = rc_column_int(st, 8);
        (*out)->repo_id = rc_column_int(st, 9);
        (*out)->group_id = rc_column_int(st, 10);
        (*out)->last_used = rc_column_int(st, 11);
        rc_read_row(db, TABLE_API_KEY, (*out)->key_id);
    }
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_caller_by_key_id(rc_caller_row_t **out, rc_db_t *db, apr_int64_t key_id,
                                    apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_CALLER_BY_KEY_ID, "i", key_id));
    return read_owner(out, st, db, pool);
}

rc_err_t *rc_store_caller_by_digest(rc_caller_row_t **out, rc_db_t *db, const unsigned char *digest,
                                    int len, apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'k', .data = digest, .len = (apr_size_t)len};
    rc_blob_t blob = {digest, len};
    rc_stmt_t *st;

    if ((*out = rc_flat_unpack(&form, rc_recall(db, &key, pool))))
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_CALLER_BY_KEY, "b", &blob));
    RC_TRY(read_owner(out, st, db, pool));
    keep_caller(db, &key, *out, pool);
    return NULL;
}

rc_err_t *rc_store_caller_by_name(rc_caller_row_t **out, rc_db_t *db, const char *username,
                                  apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 'n', .data = username, .len = strlen(username)};
    rc_stmt_t *st;

    if ((*out = rc_flat_unpack(&form, rc_recall(db, &key, pool))))
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_CALLER_BY_NAME, "s", username));
    RC_TRY(step_caller(out, st, db, pool));
    rc_done(st);
    keep_caller(db, &key, *out, pool);
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
