// SPDX-License-Identifier: Apache-2.0
/*
 * Tells the columns of SQLite's tables and the ids that they have given, for copies of a database.
 */
#include "sqlite.h"

#include <apr_strings.h>

static char column_type(const char *declared)
{
    if (!strcmp(declared, "INTEGER"))
        return 'i';
    return strcmp(declared, "BLOB") ? 's' : 'b';
}

rc_err_t *rc_sqlite_columns(apr_array_header_t **list, rc_db_t *db, const char *table,
                            apr_pool_t *pool)
{
    const char *text = "SELECT name, type FROM pragma_table_info(?1) ORDER BY cid";
    const rc_sqlite_t *own = db->handle;
    sqlite3_stmt *st;
    int n = sqlite3_prepare_v2(own->handle, text, -1, &st, NULL);

    *list = apr_array_make(pool, 16, sizeof(rc_db_column_t));
    if (n != SQLITE_OK)
        return rc_sqlite_error(db, n, text);
    sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
    while ((n = sqlite3_step(st)) == SQLITE_ROW)
        APR_ARRAY_PUSH(*list, rc_db_column_t) =
            (rc_db_column_t){apr_pstrdup(pool, (const char *)sqlite3_column_text(st, 0)),
                             column_type((const char *)sqlite3_column_text(st, 1))};
    sqlite3_finalize(st);
    return n == SQLITE_DONE ? NULL : rc_sqlite_error(db, n, text);
}

/* The commit checks the references. */
rc_err_t *rc_sqlite_begin_copy(rc_db_t *db)
{
    return rc_sqlite_exec(db, "PRAGMA defer_foreign_keys = ON");
}

rc_err_t *rc_sqlite_end_copy(rc_db_t *db)
{
    (void)db;
    return NULL;
}

rc_err_t *rc_sqlite_last_id(apr_int64_t *id, rc_db_t *db, const char *table)
{
    const char *text = "SELECT seq FROM sqlite_sequence WHERE name = ?1";
    const rc_sqlite_t *own = db->handle;
    sqlite3_stmt *st;
    int n = sqlite3_prepare_v2(own->handle, text, -1, &st, NULL);

    *id = 0;
    if (n != SQLITE_OK)
        return rc_sqlite_error(db, n, text);
    sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
    if ((n = sqlite3_step(st)) == SQLITE_ROW)
        *id = sqlite3_column_int64(st, 0);
    sqlite3_finalize(st);
    return n == SQLITE_ROW || n == SQLITE_DONE ? NULL : rc_sqlite_error(db, n, text);
}

rc_err_t *rc_sqlite_set_last_id(rc_db_t *db, const char *table, apr_int64_t id)
{
    return rc_sqlite_exec(
        db, apr_psprintf(db->pool,
                         "DELETE FROM sqlite_sequence WHERE name = '%s'; INSERT INTO "
                         "sqlite_sequence (name, seq) VALUES ('%s', %" APR_INT64_T_FMT ")",
                         table, table, id));
}
