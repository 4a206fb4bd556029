// SPDX-License-Identifier: Apache-2.0
/*
 * Connections to the database, a pool of them per process, and transactions. Statements are
 * prepared once per connection. A connection serves one thread at a time.
 */
#ifndef RC_DB_DB_H
#define RC_DB_DB_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/err.h"

typedef struct rc_db_t rc_db_t;
typedef struct rc_db_pool_t rc_db_pool_t;

/* What is stored, in SQL: written by src/store, in the language that all drivers share. */
typedef struct rc_db_texts_t {
    const char *const *statements; /* by number, from 0 */
    int statement_count;
    const char *const *steps; /* of the schema; steps[0] is step 1 */
    int step_count;
} rc_db_texts_t;

typedef struct rc_db_config_t {
    const rc_db_texts_t *texts;  /* rc_store_texts */
    const char *path;            /* the database file */
    const char *synchronous;     /* "FULL" or "NORMAL" */
    apr_interval_time_t timeout; /* how long to wait for a lock or a connection */
    int min, max;                /* connections kept, connections at most */
    bool create;                 /* create a missing database: init alone does */
} rc_db_config_t;

/** Process-wide settings of the database's library. Before threads start; harmless when repeated.
 */
void rc_db_startup(void);

/** The real path of the database's file; an error says why this process cannot use it. */
rc_err_t *rc_db_find(const char **path, const rc_db_config_t *config, apr_pool_t *pool);

/** Opens one connection for @a pool's life, bringing the schema up to date. */
rc_err_t *rc_db_open(rc_db_t **out, const rc_db_config_t *config, apr_pool_t *pool);

/** A pool of connections, opened as they are needed. Once per process, after fork. */
rc_err_t *rc_db_pool_create(rc_db_pool_t **out, const rc_db_config_t *config, apr_pool_t *pool);

/**
 * A connection that returns to @a db_pool when @a pool ends, with no transaction left open. Its
 * errors live in @a pool. RC_E_BUSY when none comes free in time.
 */
rc_err_t *rc_db_acquire(rc_db_t **out, rc_db_pool_t *db_pool, apr_pool_t *pool);

/** Gives an acquired connection back before its pool ends, ahead of long work without it. An open
 * transaction is rolled back; @a db must not be used any more. */
void rc_db_release(rc_db_t *db);

/** Starts a read transaction: everything read until rc_db_commit is one snapshot. */
rc_err_t *rc_db_begin_read(rc_db_t *db);

/** Starts a write transaction, alone among all processes: waits its turn, RC_E_BUSY after
 * the time of the settings. */
rc_err_t *rc_db_begin_write(rc_db_t *db);

/** Ends the transaction. After a write, an answer of NULL means it is on the disk. */
rc_err_t *rc_db_commit(rc_db_t *db);

/** Ends the transaction, if one is open, without its changes. */
void rc_db_rollback(rc_db_t *db);

/** Runs @a fn inside a write transaction: committed when it returns NULL, else rolled back. */
rc_err_t *rc_db_txn(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton);

/** The same without waiting for the disk: the change survives a kill of the process, but perhaps
 * not a power cut. For changes that no client hears of. */
rc_err_t *rc_db_txn_lazy(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton);

/** Checks the file's integrity and foreign keys: *@a problem is NULL or says what is wrong. */
rc_err_t *rc_db_check(const char **problem, rc_db_t *db, apr_pool_t *pool);

/** Copies the whole database, as of now, to the new file @a path (mode 0600), online. */
rc_err_t *rc_db_backup(rc_db_t *db, const char *path);

#endif
