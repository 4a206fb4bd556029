// SPDX-License-Identifier: Apache-2.0
/*
 * Connections to the database, a pool of them per process, and transactions. Each connection
 * prepares a statement once and serves one thread at a time.
 */
#ifndef RC_DB_DB_H
#define RC_DB_DB_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/err.h"
#include "base/spill.h"
#include "db/extent.h"

typedef struct rc_db_t rc_db_t;
typedef struct rc_db_pool_t rc_db_pool_t;

/* The SQL of src/store, in the dialect that all drivers share. */
typedef struct rc_db_texts_t {
    const char *const *statements; /* by number, from 0 */
    int statement_count;
    const char *const *steps[2]; /* of the schema, in the words of a file [0] and of a database
                                  * server [1]; the first is step 1 */
    int step_count;
    const char *const *tables; /* their names, by number, from 0 */
    int table_count;           /* at most RC_TABLES */
    apr_uint64_t row_tables;   /* bit N: single rows of table N are read (rc_read_row) */
} rc_db_texts_t;

typedef struct rc_db_config_t {
    const rc_db_texts_t *texts;  /* rc_store_texts */
    const char *path;            /* where the database is: see rc_db_check_name */
    const char *synchronous;     /* "FULL": commits wait for the disk; "NORMAL": a power cut may
                                  * undo the last ones */
    apr_interval_time_t timeout; /* how long to wait for a lock or a connection */
    int min, max;                /* connections kept, connections at most */
    int pages;                   /* KiB of the database that a connection keeps; 0: 2000 */
    apr_off_t remember;          /* bytes for remembered values (db/memory.h); 0: none */
    bool create;                 /* create a missing database; only init sets it */
    bool alone;                  /* nobody else may have the database open meanwhile */
    bool foreign;                /* another program's, which is only read (db/foreign.h) */
} rc_db_config_t;

/** Sets process-wide options of the database library. Call it before threads start; later calls
 * have no effect. */
void rc_db_startup(void);

/** Returns whether @a name is that of a database on a server: postgresql: and what libpq connects
 * to. Any other one is the path of a file. */
bool rc_db_is_on_server(const char *name);

/** Checks the name of a database on a server, without a connection. Returns RC_E_ARG with a message
 * that does not repeat it. */
rc_err_t *rc_db_check_name(const char *name, apr_pool_t *pool);

/** The text about a file, %s, that rc_db_find rejects because of where it is. */
#define RC_DB_MISPLACED                                                                            \
    "%s is on NFS, where this file would be damaged: keep the database on a local disk, or in "    \
    "PostgreSQL"

/** Returns the real path of the database in @a pool, or an error that says why this process cannot
 * use it. For a database on a server the path is its name. */
rc_err_t *rc_db_find(const char **path, const rc_db_config_t *config, apr_pool_t *pool);

/** True when anything is stored at config->path: a database, or the remains of one. An empty file
 * is nothing. */
bool rc_db_exists(const rc_db_config_t *config, apr_pool_t *pool);

/** Sets the database of @a config aside, if there is one, in place of what was set aside before.
 * This process must have closed its connections to it; other processes cannot use theirs any more.
 */
rc_err_t *rc_db_set_aside(const rc_db_config_t *config, apr_pool_t *pool);

/** Puts back what rc_db_set_aside has set aside, in place of what is there now. The error says
 * where it is if that fails. */
rc_err_t *rc_db_bring_back(const rc_db_config_t *config, apr_pool_t *pool);

/** Removes what rc_db_set_aside has set aside. */
rc_err_t *rc_db_forget_aside(const rc_db_config_t *config, apr_pool_t *pool);

/** Opens one connection and brings the schema up to date. The connection closes with @a pool. */
rc_err_t *rc_db_open(rc_db_t **out, const rc_db_config_t *config, apr_pool_t *pool);

/** Creates a pool that opens connections on demand. Call it once per process, after fork. */
rc_err_t *rc_db_pool_create(rc_db_pool_t **out, const rc_db_config_t *config, apr_pool_t *pool);

/**
 * Acquires a connection and releases it when @a pool ends; a transaction that is still open is then
 * rolled back. Errors of the connection live in @a pool. Returns RC_E_BUSY when no connection
 * becomes free within config->timeout.
 */
rc_err_t *rc_db_acquire(rc_db_t **out, rc_db_pool_t *db_pool, apr_pool_t *pool);

/** Releases a connection before its pool ends, for example ahead of long work that does not need
 * it. Rolls back an open transaction; @a db must not be used afterwards. */
void rc_db_release(rc_db_t *db);

/** Starts a read transaction: all reads until rc_db_commit see one snapshot. */
rc_err_t *rc_db_begin_read(rc_db_t *db);

/** Starts a write transaction. Only one runs at a time among all processes; returns RC_E_BUSY when
 * the others do not finish within config->timeout. */
rc_err_t *rc_db_begin_write(rc_db_t *db);

/** Commits the transaction. NULL after a write means that the changes are on the disk. */
rc_err_t *rc_db_commit(rc_db_t *db);

/** Rolls back the transaction, if one is open. */
void rc_db_rollback(rc_db_t *db);

/** Runs @a fn inside a write transaction: commits when it returns NULL, else rolls back. */
rc_err_t *rc_db_txn(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton);

/** As rc_db_txn, but does not wait for the disk: the change survives a kill of the process, but
 * perhaps not a power cut. For changes that are not reported to a client. */
rc_err_t *rc_db_txn_lazy(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton);

/** As rc_db_txn_lazy, but returns RC_E_BUSY at once when another writer is at work. For changes
 * that can as well be made later. */
rc_err_t *rc_db_txn_idle(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton);

/** Returns the path of the file of lines that wait for a transaction (base/spill.h), in @a pool. It
 * belongs to the database: rc_db_set_aside moves it, too. NULL for a database on a server: several
 * machines write to it, and a transaction there spoils nobody's page cache. */
const char *rc_db_spill_path(const rc_db_config_t *config, apr_pool_t *pool);

/** Opens that file to take its lines, until @a pool ends. An error when it is not the file of this
 * account or of the database's owner. */
rc_err_t *rc_db_spilled(rc_spilled_t *out, const rc_db_t *db, apr_pool_t *pool);

/** Checks the database's integrity and foreign keys. *@a problem is NULL, or a description in
 * @a pool. */
rc_err_t *rc_db_check(const char **problem, rc_db_t *db, apr_pool_t *pool);

/** Copies the database in its current state to the new file @a path (mode 0600); other connections
 * can go on. From a server the copy is an archive of pg_dump. */
rc_err_t *rc_db_backup(rc_db_t *db, const char *path);

#endif
