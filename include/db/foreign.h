// SPDX-License-Identifier: Apache-2.0
/*
 * Reads tables of another program's database: a file, a database on a server, or a dump that
 * mysqldump has written. Nothing is written to it. Every value is a text, whatever its type there,
 * and what it holds is foreign input.
 *
 *     static const rc_foreign_table_t tables[] = {{"users", "user_id firstname|name"}, {NULL,
 * NULL}}; RC_TRY(rc_foreign_open(&source, name, tables, pool)); RC_TRY(rc_foreign_rows(&rows,
 * source, 0, pool)); for (; rc_rows_next(&rows);) rows.err = fn(rc_column_peek(rows.st, 1)); return
 * rc_rows_end(&rows);
 */
#ifndef RC_DB_FOREIGN_H
#define RC_DB_FOREIGN_H

#include "db/stmt.h"

#define RC_FOREIGN_COLUMNS 24 /* the most columns of a table */

/* A table and the columns to be read, with blanks between them. Versions of the program may have
 * called both otherwise: of "firstname|name" the first one that exists is read. */
typedef struct rc_foreign_table_t {
    const char *names, *columns;
} rc_foreign_table_t;

typedef struct rc_foreign_t rc_foreign_t;

/**
 * Opens the database @a name (postgresql: and what libpq connects to, else the path of a file) for
 * the life of @a pool. What is read later is one state of it. @a tables, ended by a row without
 * names, outlives *@a out; of a dump only these are read. Returns RC_E_ARG with the reason when it
 * cannot be read.
 */
rc_err_t *rc_foreign_open(rc_foreign_t **out, const char *name, const rc_foreign_table_t *tables,
                          apr_pool_t *pool);

/** Returns whether the database has table @a table, and column @a column of it (-1: any). */
bool rc_foreign_has(const rc_foreign_t *foreign, int table, int column);

/** Begins to read the rows of table @a table, in the order of its first column as a number. A
 * missing table has no rows, and the values of a missing column are NULL. One table is read at a
 * time. */
rc_err_t *rc_foreign_rows(rc_rows_t *rows, rc_foreign_t *foreign, int table, apr_pool_t *pool);

#endif
