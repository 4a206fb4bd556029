// SPDX-License-Identifier: Apache-2.0
/*
 * Prepares and runs statements of SQLite, and defines its driver table.
 */
#include "sqlite.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "file.h"

#define MOST_DIGITS 21 /* of an id in a list: a comma, a sign and 19 digits */

/* Returns the last word of "UNIQUE constraint failed: users.username" or "... failed: index
 * 'name'". */
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

rc_err_t *rc_sqlite_error(rc_db_t *db, int n, const char *what)
{
    const rc_sqlite_t *own = db->handle;
    const char *message = sqlite3_errmsg(own->handle);
    rc_err_t *err = rc_err_internal(db->pool, APR_SUCCESS, "database: %s: %s (%d)", what, message,
                                    sqlite3_extended_errcode(own->handle));

    if ((n & 0xff) == SQLITE_CONSTRAINT) {
        err->kind = RC_E_CONFLICT;
        err->constraint = constraint_name(message, db->pool);
    } else if ((n & 0xff) == SQLITE_BUSY) {
        err->kind = RC_E_BUSY;
    }
    return err;
}

rc_err_t *rc_sqlite_exec(rc_db_t *db, const char *sql)
{
    rc_sqlite_t *own = db->handle;
    int n = sqlite3_exec(own->handle, sql, NULL, NULL, NULL);

    rc_sqlite_changes_all(own);
    return n == SQLITE_OK ? NULL : rc_sqlite_error(db, n, "exec");
}

static rc_err_t *prepare(rc_stmt_t *st, const char *text)
{
    const rc_sqlite_t *own = st->db->handle;
    sqlite3_stmt *handle = NULL;
    int n = sqlite3_prepare_v3(own->handle, text, -1, SQLITE_PREPARE_PERSISTENT, &handle, NULL);

    st->handle = handle;
    return n == SQLITE_OK ? NULL : rc_sqlite_error(st->db, n, text);
}

static void finalize(rc_stmt_t *st)
{
    sqlite3_finalize(st->handle);
}

static rc_err_t *bound(rc_stmt_t *st, int n)
{
    return n == SQLITE_OK ? NULL : rc_sqlite_error(st->db, n, "bind");
}

static rc_err_t *bind_text(rc_stmt_t *st, int at, const char *text)
{
    return bound(st, sqlite3_bind_text(st->handle, at, text, -1, SQLITE_STATIC));
}

static rc_err_t *bind_int(rc_stmt_t *st, int at, apr_int64_t value)
{
    return bound(st, sqlite3_bind_int64(st->handle, at, value));
}

static rc_err_t *bind_blob(rc_stmt_t *st, int at, const void *data, int len)
{
    return bound(st, sqlite3_bind_blob(st->handle, at, data, len, SQLITE_STATIC));
}

static rc_err_t *bind_no_int(rc_stmt_t *st, int at)
{
    return bound(st, sqlite3_bind_null(st->handle, at));
}

/* The list is the text of a JSON array. */
static rc_err_t *bind_ids(rc_stmt_t *st, int at, const apr_int64_t *ids, int count)
{
    apr_size_t size = (apr_size_t)count * MOST_DIGITS + sizeof("[]");
    char *text = malloc(size), *out = text;
    int i;

    if (!text)
        return bound(st, SQLITE_NOMEM);
    *out++ = '[';
    for (i = 0; i < count; i++)
        out += apr_snprintf(out, MOST_DIGITS + 1, i ? ",%" APR_INT64_T_FMT : "%" APR_INT64_T_FMT,
                            ids[i]);
    *out++ = ']';
    return bound(st, sqlite3_bind_text(st->handle, at, text, (int)(out - text), free));
}

static rc_err_t *step(bool *row, rc_stmt_t *st)
{
    int n = sqlite3_step(st->handle);
    rc_err_t *err = NULL;

    *row = n == SQLITE_ROW;
    if (*row)
        return NULL;
    if (n != SQLITE_DONE)
        err = rc_sqlite_error(st->db, n, sqlite3_sql(st->handle));
    sqlite3_reset(st->handle);
    return err;
}

static void reset(rc_stmt_t *st)
{
    sqlite3_reset(st->handle);
}

static apr_int64_t changes(rc_db_t *db)
{
    const rc_sqlite_t *own = db->handle;

    return sqlite3_changes64(own->handle);
}

static const char *column_text(rc_stmt_t *st, int column, int *len)
{
    const unsigned char *text = sqlite3_column_text(st->handle, column);

    *len = sqlite3_column_bytes(st->handle, column);
    return (const char *)text;
}

static apr_int64_t column_int(rc_stmt_t *st, int column)
{
    return sqlite3_column_int64(st->handle, column);
}

static const void *column_blob(rc_stmt_t *st, int column, int *len)
{
    const void *data = sqlite3_column_blob(st->handle, column);

    *len = sqlite3_column_bytes(st->handle, column);
    return data;
}

const rc_driver_t rc_driver_sqlite = {
    .startup = rc_sqlite_startup,
    .find = rc_sqlite_find,
    .exists = rc_sqlite_file_exists,
    .spill_path = rc_sqlite_spill_path,
    .owner = rc_sqlite_owner,
    .set_aside = rc_sqlite_file_set_aside,
    .bring_back = rc_sqlite_file_bring_back,
    .forget_aside = rc_sqlite_file_forget_aside,
    .open = rc_sqlite_open,
    .close = rc_sqlite_close,
    .usable = rc_sqlite_usable,
    .exec = rc_sqlite_exec,
    .check = rc_sqlite_check,
    .backup = rc_sqlite_backup,
    .version = rc_sqlite_version,
    .set_version = rc_sqlite_set_version,
    .columns = rc_sqlite_columns,
    .begin_copy = rc_sqlite_begin_copy,
    .end_copy = rc_sqlite_end_copy,
    .foreign_columns = rc_sqlite_foreign_columns,
    .last_id = rc_sqlite_last_id,
    .set_last_id = rc_sqlite_set_last_id,
    .begin_read = rc_sqlite_begin_read,
    .begin_write = rc_sqlite_begin_write,
    .commit = rc_sqlite_commit,
    .rollback = rc_sqlite_rollback,
    .follow = rc_sqlite_follow,
    .news = rc_sqlite_news,
    .prepare = prepare,
    .finalize = finalize,
    .bind_text = bind_text,
    .bind_int = bind_int,
    .bind_blob = bind_blob,
    .bind_no_int = bind_no_int,
    .bind_ids = bind_ids,
    .step = step,
    .reset = reset,
    .changes = changes,
    .column_text = column_text,
    .column_int = column_int,
    .column_blob = column_blob,
};
