// SPDX-License-Identifier: Apache-2.0
/*
 * The memory of a pool of connections, and what src/db itself calls of it. Private to src/db.
 */
#ifndef RC_DB_MEMORY_PRIVATE_H
#define RC_DB_MEMORY_PRIVATE_H

#include "db/generation.h"
#include "db/memory.h"
#include "driver.h"

typedef struct rc_memory_t {
    const rc_db_config_t *config;
    rc_generations_t *generations;
    rc_lru_t *values;
} rc_memory_t;

/** Opens the memory of a pool of connections. @a db, one of them, is used for nothing else and
 * outlives the memory. *@a out is NULL when the driver cannot report changes. */
rc_err_t *rc_memory_open(rc_memory_t **out, rc_db_t *db, apr_pool_t *pool);

/** See rc_db_acquire_memory. */
rc_err_t *rc_memory_connect(rc_db_t **out, rc_memory_t *memory, apr_pool_t *pool);

/** Takes the number of the state before a read transaction begins, unless its snapshot will tell
 * it. Returns whether the snapshot is to be taken at once. */
bool rc_memory_begin(rc_db_t *db);

/** Sets the number of the state to that of the snapshot, if it is known: the same before and after
 * it was taken, or what it tells. */
void rc_memory_settle(rc_db_t *db);

/** Notes that a statement begins. */
void rc_memory_read(rc_db_t *db, const rc_stmt_t *st);

#endif
