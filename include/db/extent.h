// SPDX-License-Identifier: Apache-2.0
/*
 * A part of a database: whole tables, by their numbers (rc_db_texts_t.tables), and single rows of
 * tables. It says what a value was read from, and what a commit has changed. An extent can be too
 * large, never too small: a row that finds no room becomes its whole table.
 */
#ifndef RC_DB_EXTENT_H
#define RC_DB_EXTENT_H

#include <apr.h>

#define RC_TABLES      64 /* the most tables of a database */
#define RC_EXTENT_ROWS 6

typedef struct rc_extent_row_t {
    apr_int64_t id;
    int table;
} rc_extent_row_t;

typedef struct rc_extent_t {
    apr_uint64_t tables; /* bit N: the whole of table N */
    int count;
    rc_extent_row_t rows[RC_EXTENT_ROWS];
} rc_extent_t;

/** Adds the tables whose bits are set. */
void rc_extent_add_tables(rc_extent_t *extent, apr_uint64_t tables);

/** Adds one row. */
void rc_extent_add_row(rc_extent_t *extent, int table, apr_int64_t id);

/** Adds all of @a other. */
void rc_extent_add(rc_extent_t *extent, const rc_extent_t *other);

#endif
