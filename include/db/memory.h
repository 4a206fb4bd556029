// SPDX-License-Identifier: Apache-2.0
/*
 * Values that were made of what a read transaction has read, kept for later transactions of the
 * process while nothing of that has changed (db/generation.h). A value that is found equals what
 * the statements would yield in the transaction's own snapshot.
 *
 *     found = rc_recall(db, key, pool);
 *     if (found.data)
 *         return unpack(found);
 *     RC_TRY(rc_query(&st, db, SQL_..., "i", id)); ...
 *     rc_remember(db, key, RC_SINCE_RECALL, value);
 *
 * What a statement reads is known from the tables that its text names; rc_read_row narrows that
 * down. The key must name everything else that the value depends on.
 */
#ifndef RC_DB_MEMORY_H
#define RC_DB_MEMORY_H

#include "base/lru.h"
#include "db/db.h"

/* The key of a value. */
typedef struct rc_memory_key_t {
    char kind;        /* of value, 'a' to 'z' */
    apr_int64_t id;   /* 0: none */
    const void *data; /* NULL: none */
    apr_size_t len;
} rc_memory_key_t;

/* The statements of which a value is made. */
typedef enum {
    RC_SINCE_RECALL, /* those after the last rc_recall, which has to be that of the same value */
    RC_SINCE_BEGIN   /* all of the transaction */
} rc_since_t;

/**
 * Makes a connection without a database: a read transaction on it finds remembered values only, and
 * each statement fails with RC_E_MISS. Then the caller repeats everything with rc_db_acquire.
 * *@a out is NULL when nothing can be remembered at the moment.
 */
rc_err_t *rc_db_acquire_memory(rc_db_t **out, rc_db_pool_t *db_pool, apr_pool_t *pool);

/** True for a connection of rc_db_acquire_memory. */
bool rc_db_is_memory(const rc_db_t *db);

/** Finds a value that holds in the open read transaction, in @a pool; {NULL, 0} when there is none,
 * and outside of read transactions. */
rc_bytes_t rc_recall(rc_db_t *db, const rc_memory_key_t *key, apr_pool_t *pool);

/** The same for a part of a value: RC_SINCE_RECALL still means the rc_recall before, and includes
 * what the part was made of. */
rc_bytes_t rc_recall_more(rc_db_t *db, const rc_memory_key_t *key, apr_pool_t *pool);

/** True in a read transaction whose values can be remembered and recalled. */
bool rc_db_remembers(const rc_db_t *db);

/** Keeps @a value, which has to be made of nothing but the key and what the statements @a since
 * have read in the open read transaction. It must hold no clear secret. */
void rc_remember(rc_db_t *db, const rc_memory_key_t *key, rc_since_t since, rc_bytes_t value);

/** Returns whether this was called for the value before, lately, and in a transaction that
 * remembers (rc_db_remembers): else it is not worth its bytes, which would push out others. */
bool rc_asked_again(rc_db_t *db, const rc_memory_key_t *key);

/** Notes that the statement that was stepped last has read only row @a id of table @a table (0:
 * none); more calls add more rows. True also for rows that do not exist, and for a row that was
 * found by a unique column. */
void rc_read_row(rc_db_t *db, int table, apr_int64_t id);

#endif
