// SPDX-License-Identifier: Apache-2.0
/*
 * Reads what mysqldump has written. Private to src/db.
 */
#ifndef RC_DB_DUMP_H
#define RC_DB_DUMP_H

#include "db/foreign.h"

/* What a dump holds of one wanted table; see rc_dump_read. */
typedef struct rc_dump_calls_t {
    /* A table begins: its name. Sets *@a wanted. */
    rc_err_t *(*table)(void *baton, bool *wanted, const char *name);
    /* A column of that table, in its order. */
    rc_err_t *(*column)(void *baton, const char *name);
    /* No more columns. */
    rc_err_t *(*columns_end)(void *baton);
    /* A row of @a count values (NULL: NULL) of the table @a name, for the columns @a columns (their
     * names; NULL: all in their order). */
    rc_err_t *(*row)(void *baton, const char *name, const apr_array_header_t *columns,
                     const char *const *values, int count);
    void *baton;
} rc_dump_calls_t;

/** Reads the file @a path to its end and calls @a calls for the tables and rows in it. Statements
 * that are no CREATE TABLE or INSERT are skipped. Returns RC_E_ARG, with the line, for a text that
 * is no dump, and for a dump whose end is missing. */
rc_err_t *rc_dump_read(const char *path, const rc_dump_calls_t *calls, apr_pool_t *pool);

#endif
