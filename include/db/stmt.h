// SPDX-License-Identifier: Apache-2.0
/*
 * Prepares and runs statements by number, and reads their rows. Only one statement of a connection
 * can be active: step it to its end, or end it with rc_done, before another statement or a
 * transaction begins or ends.
 *
 *     rc_stmt_t *st;
 *     RC_TRY(rc_query(&st, db, SQL_REPO_BY_NAME, "s", name));
 *     RC_TRY(rc_step(&found, st, db));
 */
#ifndef RC_DB_STMT_H
#define RC_DB_STMT_H

#include <stdarg.h>
#include <stdbool.h>

#include <apr_tables.h>

#include "db/db.h"

typedef struct rc_stmt_t rc_stmt_t;

/* A blob to bind or a column read; NULL data = SQL NULL. */
typedef struct rc_blob_t {
    const void *data;
    int len;
} rc_blob_t;

/** Returns statement @a number of the configuration's texts, reset; prepares it on first use. */
rc_err_t *rc_stmt(rc_stmt_t **out, rc_db_t *db, int number);

/**
 * Binds ?1, ?2 ...: s const char * (NULL = SQL NULL), n the same, stored as a name of at most 255
 * characters, t stored as a text of at most 64 KiB (longer: RC_E_FAILED), i apr_int64_t, r
 * apr_int64_t that refers to a row (0 = SQL NULL), d int, b const rc_blob_t * (NULL data = SQL
 * NULL). Texts and blobs must live until the statement is stepped to its end.
 */
rc_err_t *rc_bind(rc_stmt_t *st, rc_db_t *db, const char *types, ...);

/** Binds a list of ids as parameter ?@a at, in whose place the text has json_each(?N): its rows are
 * the ids, in column `value`. */
rc_err_t *rc_bind_ids(rc_stmt_t *st, int at, const apr_int64_t *ids, int count);

/** Says that the rows of a statement are few, so that a server may send all of them at once: the
 * memory for them is taken before the first one is seen. */
void rc_expect_few(rc_stmt_t *st);

/** Sends a query that rc_step will run soon, unless its rows may not come at once: a server works
 * on it while the rows of others are read. Its parameters are bound; those of texts live until
 * then. A statement that runs before it makes the answer worthless, not wrong. */
rc_err_t *rc_ahead(rc_stmt_t *st);

/** Returns statement @a number if rc_ahead has sent it and nobody has used it since; else NULL. */
rc_stmt_t *rc_sent_ahead(rc_db_t *db, int number);

/** rc_stmt and rc_bind in one call, with the values of @a ap. */
rc_err_t *rc_query_list(rc_stmt_t **out, rc_db_t *db, int number, const char *types, va_list *ap);

/** rc_stmt and rc_bind in one call. */
rc_err_t *rc_query(rc_stmt_t **out, rc_db_t *db, int number, const char *types, ...);

/** The same, and runs the statement, which must yield no rows. */
rc_err_t *rc_execute(rc_db_t *db, int number, const char *types, ...);

/** Steps to the next row: *@a row is false at the end, where the statement is reset. Returns
 * RC_E_INTERNAL when another statement of @a db is active, or a statement has failed in this
 * transaction. */
rc_err_t *rc_step(bool *row, rc_stmt_t *st, rc_db_t *db);

/** Runs a statement to its end and ignores its rows. */
rc_err_t *rc_stmt_run(rc_stmt_t *st, rc_db_t *db);

/** Runs an INSERT ... RETURNING id and returns the id. */
rc_err_t *rc_insert(apr_int64_t *id, rc_stmt_t *st, rc_db_t *db);

/*
 * Iterates over the rows of a statement:
 *
 *     for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);)
 *         rows.err = fn(baton, read_gist(st, rows.scratch), rows.scratch);
 *     return rc_rows_end(&rows);
 */
typedef struct rc_rows_t {
    rc_stmt_t *st;
    rc_db_t *db;
    apr_pool_t *scratch; /* cleared before each row */
    rc_err_t *err;       /* an error ends the iteration */
} rc_rows_t;

void rc_rows_begin(rc_rows_t *rows, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool);
bool rc_rows_next(rc_rows_t *rows);
rc_err_t *rc_rows_end(rc_rows_t *rows);

/** Returns all texts of a column as a list (const char *) in @a pool. */
rc_err_t *rc_texts(apr_array_header_t **list, rc_stmt_t *st, int column, rc_db_t *db,
                   apr_pool_t *pool);

/** Resets an active statement, so that its remaining rows are not read. */
void rc_done(rc_stmt_t *st);

/** Returns how many rows the last statement changed. */
apr_int64_t rc_changes(rc_db_t *db);

/* Columns of the current row, from 0. Texts and blobs are copied into @a pool; a text of
 * rc_column_peek is valid until the next step. NULL for SQL NULL. */
const char *rc_column_peek(rc_stmt_t *st, int column);
const char *rc_column_text(rc_stmt_t *st, int column, apr_pool_t *pool);
apr_int64_t rc_column_int(rc_stmt_t *st, int column);
bool rc_column_bool(rc_stmt_t *st, int column);
rc_blob_t rc_column_blob(rc_stmt_t *st, int column, apr_pool_t *pool);

/** The pool in which errors of the connection live: that of the request that uses it. */
apr_pool_t *rc_db_user_pool(const rc_db_t *db);

/** Runs SQL text without parameters. Only for schema steps and tests. */
rc_err_t *rc_db_exec(rc_db_t *db, const char *sql);

#endif
