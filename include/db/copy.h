// SPDX-License-Identifier: Apache-2.0
/*
 * Copies all rows of one database into another one, which may be of another kind.
 */
#ifndef RC_DB_COPY_H
#define RC_DB_COPY_H

#include <apr_tables.h>

#include "db/db.h"

/* What was copied of one table. */
typedef struct rc_copied_t {
    const char *table;
    apr_int64_t rows;
    apr_int64_t repaired; /* texts that were no UTF-8, and are now as they were shown */
} rc_copied_t;

/**
 * Copies all rows of @a from into @a to, in one transaction. Both have the schema of this program.
 * Nobody can write to @a from meanwhile. RC_E_ARG when @a to has rows. Before the commit all rows
 * are read back: their numbers and checksums must be the same. *@a tables: what was copied (of
 * rc_copied_t), in @a pool.
 */
rc_err_t *rc_db_copy(apr_array_header_t **tables, rc_db_t *to, rc_db_t *from, apr_pool_t *pool);

/** Sets *@a id to the highest id that a row of @a table ever got; 0: none. */
rc_err_t *rc_db_last_id(apr_int64_t *id, rc_db_t *db, const char *table);

/** Makes sure that no row that is inserted into @a table later gets @a id or a lower one. To be
 * called in the transaction that has inserted a row with an id of its own. */
rc_err_t *rc_db_keep_id(rc_db_t *db, const char *table, apr_int64_t id);

#endif
