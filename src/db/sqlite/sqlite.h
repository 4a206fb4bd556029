// SPDX-License-Identifier: Apache-2.0
/*
 * The connection of the SQLite driver, and the functions that its files share. Private to
 * src/db/sqlite.
 */
#ifndef RC_DB_SQLITE_SQLITE_H
#define RC_DB_SQLITE_SQLITE_H

#include <sqlite3.h>
#include <sys/stat.h>

#include "../driver.h"
#include "ring.h"

/* The driver's own statements, prepared once per connection. */
enum { BEGIN_READ, SNAPSHOT, BEGIN_WRITE, COMMIT, OWN_STATEMENTS };

typedef struct rc_sqlite_t {
    sqlite3 *handle;
    sqlite3_stmt *own[OWN_STATEMENTS];
    int write_lock;   /* descriptor of the lock file that orders writers, or -1 */
    bool locked;      /* this connection holds the write lock */
    bool lazy;        /* commits do not wait for the disk */
    struct stat file; /* of the file when it was opened */

    /* What the write transaction records when it commits. */
    bool recording;
    rc_ring_record_t record;
    rc_ring_t *ring;            /* opened with the first write transaction; or NULL */
    const apr_uint64_t *mapped; /* the header of the WAL index; NULL: not mapped yet */
} rc_sqlite_t;

/* statement.c */

/** Turns SQLite's code @a n into an error about @a what. A violated constraint is RC_E_CONFLICT. */
rc_err_t *rc_sqlite_error(rc_db_t *db, int n, const char *what);

/** Runs statements that have no parameters and yield no rows. */
rc_err_t *rc_sqlite_exec(rc_db_t *db, const char *sql);

/* connection.c */
rc_err_t *rc_sqlite_open(rc_db_t *db);
void rc_sqlite_close(rc_db_t *db);
uid_t rc_sqlite_owner(const rc_db_t *db);
rc_err_t *rc_sqlite_usable(rc_db_t *db, apr_pool_t *pool);

/* transaction.c */
rc_err_t *rc_sqlite_begin_read(rc_db_t *db, bool at_once);
rc_err_t *rc_sqlite_begin_write(rc_db_t *db, rc_write_mode_t mode);
rc_err_t *rc_sqlite_commit(rc_db_t *db);
void rc_sqlite_rollback(rc_db_t *db);

/* writers.c */

/** Waits until this connection may write; RC_E_BUSY after @a wait. */
rc_err_t *rc_sqlite_lock_writers(rc_db_t *db, apr_interval_time_t wait);
void rc_sqlite_unlock_writers(rc_db_t *db);

/* record.c */

/** Has the connection note which rows its statements change. */
void rc_sqlite_watch_changes(rc_db_t *db);

/** Notes that a statement may have changed everything. */
void rc_sqlite_changes_all(rc_sqlite_t *own);

/** Begins and ends the record of a write transaction, which holds the lock of the writers. */
void rc_sqlite_record_begin(rc_db_t *db);
void rc_sqlite_record_end(rc_sqlite_t *own);

/** Puts the record of the commit that has just been made into the ring. */
void rc_sqlite_record(rc_sqlite_t *own);

/* follow.c */
rc_err_t *rc_sqlite_follow(void **follower, rc_db_t *db);
rc_news_t rc_sqlite_news(void *follower, rc_extent_t *extent);

/* maintain.c */
void rc_sqlite_startup(void);
rc_err_t *rc_sqlite_version(int *version, rc_db_t *db);
rc_err_t *rc_sqlite_set_version(rc_db_t *db, int version);
rc_err_t *rc_sqlite_check(const char **problem, rc_db_t *db, apr_pool_t *pool);
rc_err_t *rc_sqlite_backup(rc_db_t *db, const char *path);

/* copy.c */
rc_err_t *rc_sqlite_columns(apr_array_header_t **list, rc_db_t *db, const char *table,
                            apr_pool_t *pool);
rc_err_t *rc_sqlite_begin_copy(rc_db_t *db);
rc_err_t *rc_sqlite_end_copy(rc_db_t *db);
rc_err_t *rc_sqlite_last_id(apr_int64_t *id, rc_db_t *db, const char *table);
rc_err_t *rc_sqlite_set_last_id(rc_db_t *db, const char *table, apr_int64_t id);

/* foreign.c */
rc_err_t *rc_sqlite_open_foreign(rc_db_t *db);
rc_err_t *rc_sqlite_foreign_columns(apr_array_header_t **list, rc_db_t *db, const char *table,
                                    apr_pool_t *pool);

/** Limits the -wal file of a new connection. */
void rc_sqlite_limit_wal(rc_db_t *db);

#endif
