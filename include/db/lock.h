// SPDX-License-Identifier: Apache-2.0
/*
 * Locks with names that hold between all machines whose processes use the same database. A process
 * has one connection for all its locks, so that it must keep its own threads apart: by a lock of a
 * file, which it acquires before (domain/env_lock.h).
 *
 * A lock is lost with its connection. Who holds one asks before its work counts whether it still
 * does. Programs that keep a lock of a file (rc_proc_t.keep) also keep the connection open: when
 * this process is killed, its locks end with the last of these.
 */
#ifndef RC_DB_LOCK_H
#define RC_DB_LOCK_H

#include "db/db.h"

typedef struct rc_db_locks_t rc_db_locks_t;

/** Prepares the locks of a process; connects with the first lock. *@a out is NULL when all
 * processes that use the database are on this machine, because it is a file: then locks of files
 * are enough. The functions below are thread-safe, and do nothing for NULL. */
rc_err_t *rc_db_locks_open(rc_db_locks_t **out, const rc_db_config_t *config, apr_pool_t *pool);

/**
 * Acquires the lock @a name until @a pool ends; with @a share others can share it. Does not wait:
 * *@a locked is false when somebody else holds it. *@a life is 0 before the first of several locks,
 * and then a number for rc_db_locks_hold. RC_E_BUSY when the database is away, or when a lock with
 * this number was lost.
 */
rc_err_t *rc_db_lock(bool *locked, int *life, rc_db_locks_t *locks, const char *name, bool share,
                     apr_pool_t *pool);

/** Refuses a pooler that gives a connection another session for each transaction, in which locks
 * would be held by nobody. @a db is another connection to the same database. For a process that
 * starts and holds no lock. */
rc_err_t *rc_db_locks_check(rc_db_locks_t *locks, rc_db_t *db, apr_pool_t *pool);

/** Returns RC_E_BUSY unless all locks with this number are held: asks the server. */
rc_err_t *rc_db_locks_hold(rc_db_locks_t *locks, int life, apr_pool_t *pool);

#endif
