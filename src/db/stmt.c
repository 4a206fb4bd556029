// SPDX-License-Identifier: Apache-2.0
/*
 * Prepare, bind, step: the thin layer over SQLite's statements that everything in src/store uses.
 */
#include "db/stmt.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"

static const char *const sql_texts[] = {
#define X(name, text) text,
#include "rc_sql.def"
#undef X
};

/* "UNIQUE constraint failed: users.username" or "... failed: index 'name'": the last word. */
static const char *constraint_name(const char *message, apr_pool_t *pool)
{
    const char *at = strstr(message, "constraint failed: ");
    char *name, *quote;

    if (!at)
        return "";
    name = apr_pstrdup(pool, at + strlen("constraint failed: "));
    if (!strncmp(name, "index '", 7)) {
        name += 7;
        if ((quote = strchr(name, '\'')))
            *quote = '\0';
    }
    return name;
}

rc_err_t *rc_db_error(rc_db_t *db, int n, const char *what)
{
    const char *message = sqlite3_errmsg(db->handle);
    rc_err_t *err = rc_err_internal(db->pool, APR_SUCCESS, "database: %s: %s (%d)", what, message,
                                    sqlite3_extended_errcode(db->handle));

    if ((n & 0xff) == SQLITE_CONSTRAINT) {
        err->kind = RC_E_CONFLICT;
        err->constraint = constraint_name(message, db->pool);
    } else if ((n & 0xff) == SQLITE_BUSY) {
        err->kind = RC_E_BUSY;
    }
    return err;
}

rc_err_t *rc_db_exec(rc_db_t *db, const char *sql)
{
    int n = sqlite3_exec(db->handle, sql, NULL, NULL, NULL);

    return n == SQLITE_OK ? NULL : rc_db_error(db, n, "exec");
}

rc_err_t *rc_stmt(rc_stmt_t **out, rc_db_t *db, rc_sql_t sql)
{
    rc_stmt_t **slot = &db->statements[sql];
    int n;

    if (*slot) {
        sqlite3_reset(*slot);
    } else if ((n = sqlite3_prepare_v3(db->handle, sql_texts[sql], -1, SQLITE_PREPARE_PERSISTENT,
                                       slot, NULL)) != SQLITE_OK) {
        return rc_db_error(db, n, sql_texts[sql]);
    }
    *out = *slot;
    return NULL;
}

/* What clients may have stored: names, and texts. */
#define NAME_MOST 255       /* characters */
#define TEXT_MOST (1 << 16) /* bytes */

static bool is_long(const char *text, char type)
{
    if (!text || type == 's')
        return false;
    return type == 'n' ? rc_text_characters(text) > NAME_MOST : strlen(text) > TEXT_MOST;
}

static int bind_one(rc_stmt_t *st, int at, char type, va_list *ap)
{
    const char *text;
    const rc_blob_t *blob;
    apr_int64_t id;

    switch (type) {
    case 's':
    case 'n':
    case 't':
        text = va_arg(*ap, const char *);
        if (is_long(text, type))
            return SQLITE_TOOBIG;
        return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
    case 'i':
        return sqlite3_bind_int64(st, at, va_arg(*ap, apr_int64_t));
    case 'r':
        id = va_arg(*ap, apr_int64_t);
        return id ? sqlite3_bind_int64(st, at, id) : sqlite3_bind_null(st, at);
    case 'd':
        return sqlite3_bind_int(st, at, va_arg(*ap, int));
    case 'b':
        blob = va_arg(*ap, const rc_blob_t *);
        return sqlite3_bind_blob(st, at, blob->data, blob->len, SQLITE_STATIC);
    default:
        return SQLITE_MISUSE;
    }
}

static rc_err_t *bind_all(rc_stmt_t *st, rc_db_t *db, const char *types, va_list *ap)
{
    int at, n = SQLITE_OK;

    for (at = 1; *types && n == SQLITE_OK; at++, types++)
        n = bind_one(st, at, *types, ap);
    if (n == SQLITE_TOOBIG)
        return rc_err_failed(
            db->pool, "a text is too long to be stored (at most %s): parameter %d of %s",
            types[-1] == 'n' ? "255 characters" : "64 KiB", at - 1, sqlite3_sql(st));
    return n == SQLITE_OK ? NULL : rc_db_error(db, n, "bind");
}

rc_err_t *rc_bind(rc_stmt_t *st, rc_db_t *db, const char *types, ...)
{
    rc_err_t *err;
    va_list ap;

    va_start(ap, types);
    err = bind_all(st, db, types, &ap);
    va_end(ap);
    return err;
}

rc_err_t *rc_query(rc_stmt_t **out, rc_db_t *db, rc_sql_t sql, const char *types, ...)
{
    rc_err_t *err;
    va_list ap;

    RC_TRY(rc_stmt(out, db, sql));
    va_start(ap, types);
    err = bind_all(*out, db, types, &ap);
    va_end(ap);
    return err;
}

rc_err_t *rc_execute(rc_db_t *db, rc_sql_t sql, const char *types, ...)
{
    rc_err_t *err;
    rc_stmt_t *st = NULL;
    va_list ap;

    RC_TRY(rc_stmt(&st, db, sql));
    va_start(ap, types);
    err = bind_all(st, db, types, &ap);
    va_end(ap);
    return err ? err : rc_run(st, db);
}

rc_err_t *rc_step(bool *row, rc_stmt_t *st, rc_db_t *db)
{
    int n = sqlite3_step(st);
    rc_err_t *err = NULL;

    *row = n == SQLITE_ROW;
    if (n == SQLITE_ROW)
        return NULL;
    if (n != SQLITE_DONE)
        err = rc_db_error(db, n, sqlite3_sql(st));
    sqlite3_reset(st);
    return err;
}

rc_err_t *rc_seen(apr_int64_t *id, int *level, rc_stmt_t *st, rc_db_t *db)
{
    bool found;

    *id = 0;
    RC_TRY(rc_step(&found, st, db));
    if (!found)
        return NULL;
    *level = (int)rc_column_int(st, 1);
    *id = *level > 0 ? rc_column_int(st, 0) : 0;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_run(rc_stmt_t *st, rc_db_t *db)
{
    bool row;

    do {
        RC_TRY(rc_step(&row, st, db));
    } while (row);
    return NULL;
}

rc_err_t *rc_insert(apr_int64_t *id, rc_stmt_t *st, rc_db_t *db)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *id = rc_column_int(st, 0);
    return rc_run(st, db);
}

void rc_rows_begin(rc_rows_t *rows, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    rows->st = st;
    rows->db = db;
    rows->err = NULL;
    apr_pool_create(&rows->scratch, pool);
}

bool rc_rows_next(rc_rows_t *rows)
{
    bool found = false;

    apr_pool_clear(rows->scratch);
    if (!rows->err)
        rows->err = rc_step(&found, rows->st, rows->db);
    return found;
}

rc_err_t *rc_rows_end(rc_rows_t *rows)
{
    rc_done(rows->st);
    apr_pool_destroy(rows->scratch);
    return rows->err;
}

rc_err_t *rc_texts(apr_array_header_t **list, rc_stmt_t *st, int column, rc_db_t *db,
                   apr_pool_t *pool)
{
    bool found;

    *list = apr_array_make(pool, 8, sizeof(const char *));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*list, const char *) = rc_column_text(st, column, pool);
    }
}

void rc_done(rc_stmt_t *st)
{
    sqlite3_reset(st);
}

apr_int64_t rc_changes(rc_db_t *db)
{
    return sqlite3_changes64(db->handle);
}

const char *rc_column_text(rc_stmt_t *st, int column, apr_pool_t *pool)
{
    const char *text = (const char *)sqlite3_column_text(st, column);

    return text ? apr_pstrmemdup(pool, text, (apr_size_t)sqlite3_column_bytes(st, column)) : NULL;
}

apr_int64_t rc_column_int(rc_stmt_t *st, int column)
{
    return sqlite3_column_int64(st, column);
}

bool rc_column_bool(rc_stmt_t *st, int column)
{
    return sqlite3_column_int(st, column) != 0;
}

rc_blob_t rc_column_blob(rc_stmt_t *st, int column, apr_pool_t *pool)
{
    rc_blob_t blob = {NULL, sqlite3_column_bytes(st, column)};
    const void *data = sqlite3_column_blob(st, column);

    if (data)
        blob.data = apr_pmemdup(pool, data, (apr_size_t)blob.len);
    return blob;
}
