// SPDX-License-Identifier: Apache-2.0
/*
 * Statements by name (src/store/sql/). Private to src/store.
 *
 *     rc_stmt_t *st;
 *     RC_TRY(rc_query(&st, db, SQL_REPO_BY_NAME, "s", name));
 *     RC_TRY(rc_step(&found, st, db));
 */
#ifndef RC_DB_STMT_H
#define RC_DB_STMT_H

#include <stdbool.h>
#include <sys/stat.h>

#include <apr_tables.h>
#include <sqlite3.h>

#include "db/db.h"

typedef enum {
#define X(name, text) name,
#include "rc_sql.def"
#undef X
    RC_SQL_COUNT
} rc_sql_t;

typedef sqlite3_stmt rc_stmt_t;

struct rc_db_t {
    sqlite3 *handle;
    apr_pool_t *own;          /* ends with the connection */
    apr_pool_t *pool;         /* of whoever uses the connection now: errors live here */
    struct rc_lease_t *lease; /* of the pool it comes from; NULL without one */
    int write_lock;           /* descriptor of the lock file that orders writers */
    bool writing, reading;
    const rc_db_config_t *config;
    const char *path; /* of the file, without links */
    struct stat file; /* as it was opened */
    rc_stmt_t *statements[RC_SQL_COUNT];
};

/* A blob to bind or a column read; NULL data = SQL NULL. */
typedef struct rc_blob_t {
    const void *data;
    int len;
} rc_blob_t;

/** Keeps the -wal file small: see maintain.c. */
void rc_db_bound_wal(rc_db_t *db);

/** The statement @a sql, prepared on first use, reset if someone left it running. */
rc_err_t *rc_stmt(rc_stmt_t **out, rc_db_t *db, rc_sql_t sql);

/**
 * Binds ?1, ?2 ...: s const char * (NULL = SQL NULL), n the same, stored as a name of at most 255
 * characters, t stored as a text of at most 64 KiB (longer: RC_E_FAILED), i apr_int64_t, r
 * apr_int64_t that refers to a row (0 = SQL NULL), d int, b const rc_blob_t * (NULL data = SQL
 * NULL). Texts and blobs must live until the statement is stepped to its end.
 */
rc_err_t *rc_bind(rc_stmt_t *st, rc_db_t *db, const char *types, ...);

/** The two at once. */
rc_err_t *rc_query(rc_stmt_t **out, rc_db_t *db, rc_sql_t sql, const char *types, ...);

/** And run, for a statement that yields no rows. */
rc_err_t *rc_execute(rc_db_t *db, rc_sql_t sql, const char *types, ...);

/** The next row: *@a row tells whether there is one. At the end the statement is reset. */
rc_err_t *rc_step(bool *row, rc_stmt_t *st, rc_db_t *db);

/** Steps a statement ..._SEEN_BY_...: *@a id is 0 when the object is not there, or hidden from the
 * user. Which of the two takes the same work. */
rc_err_t *rc_seen(apr_int64_t *id, int *level, rc_stmt_t *st, rc_db_t *db);

/** Runs a statement that yields no rows. */
rc_err_t *rc_run(rc_stmt_t *st, rc_db_t *db);

/** Runs an INSERT ... RETURNING id. */
rc_err_t *rc_insert(apr_int64_t *id, rc_stmt_t *st, rc_db_t *db);

/* A walk over the rows of a statement:
 *
 *     for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);)
 *         rows.err = fn(baton, read_gist(st, rows.scratch), rows.scratch);
 *     return rc_rows_end(&rows);
 */
typedef struct rc_rows_t {
    rc_stmt_t *st;
    rc_db_t *db;
    apr_pool_t *scratch; /* cleared before each row */
    rc_err_t *err;       /* ends the walk */
} rc_rows_t;

void rc_rows_begin(rc_rows_t *rows, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool);
bool rc_rows_next(rc_rows_t *rows);
rc_err_t *rc_rows_end(rc_rows_t *rows);

/** All texts of a column, as a list (const char *) in @a pool. */
rc_err_t *rc_texts(apr_array_header_t **list, rc_stmt_t *st, int column, rc_db_t *db,
                   apr_pool_t *pool);

/** Frees the locks of a statement whose further rows are not wanted. */
void rc_done(rc_stmt_t *st);

/** Rows the last statement changed. */
apr_int64_t rc_changes(rc_db_t *db);

/* Columns of the current row, from 0. Texts are copied into @a pool; NULL for SQL NULL. */
const char *rc_column_text(rc_stmt_t *st, int column, apr_pool_t *pool);
apr_int64_t rc_column_int(rc_stmt_t *st, int column);
bool rc_column_bool(rc_stmt_t *st, int column);
rc_blob_t rc_column_blob(rc_stmt_t *st, int column, apr_pool_t *pool);

/** The error behind SQLite's code @a n, about @a what. Constraints become RC_E_CONFLICT. */
rc_err_t *rc_db_error(rc_db_t *db, int n, const char *what);

/** Runs SQL text without parameters; for pragmas, transactions and schema steps only. */
rc_err_t *rc_db_exec(rc_db_t *db, const char *sql);

/** Brings the schema up to date, step by step; refuses one that is newer than this program. */
rc_err_t *rc_schema_update(rc_db_t *db);

#endif
