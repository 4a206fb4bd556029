// SPDX-License-Identifier: Apache-2.0
/*
 * The connection of the PostgreSQL driver, and the functions that its files share. Private to
 * src/db/postgresql.
 *
 * A connection stays in libpq's pipeline mode. Commands go out in batches that end with a sync, and
 * their answers come back in the same order, each batch up to its sync; `owed` counts the syncs
 * that were not read yet.
 */
#ifndef RC_DB_POSTGRESQL_POSTGRESQL_H
#define RC_DB_POSTGRESQL_POSTGRESQL_H

#include <libpq-fe.h>

#include "../driver.h"

#define RC_PG_LEAST 150000 /* the first version that is supported, as PQserverVersion counts */

/* Key of the lock that each connection shares, and one that must be alone has for itself. */
#define RC_PG_USERS "4711, 2"

/* How much longer than the limit of locks an answer may take that waits for a lock. */
#define RC_PG_MARGIN apr_time_from_sec(2)

/* The schemas of the tables, and of those that init has set aside. */
#define RC_PG_SCHEMA "rcapi"
#define RC_PG_ASIDE  "rcapi_old"

/* Key of the writers' lock: two numbers, which no key of one number (lock.c) is equal to. */
#define RC_PG_WRITERS "4711, 0"

/* Key of the lock that promises share and writers need for themselves (promise.c), and times in
 * milliseconds: how long a promise lasts unless a writer calls, how long a process counts on one,
 * and after which the server ends a silent connection that has one. */
#define RC_PG_PROMISES   "4711, 1"
#define RC_PG_PROMISE_MS 400
#define RC_PG_HOLD_MS    1000
#define RC_PG_IDLE_MS    2000
#define RC_PG_PROMISED   "promised" /* the notice of a promise */

#define RC_PG_TEXT_(number) #number
#define RC_PG_TEXT(number)  RC_PG_TEXT_(number)

/* A state of the database (follow.c). */
typedef struct rc_pg_state_t {
    char server[64];
    apr_int64_t number;
    char row[16]; /* which transaction has written the last row with this number */
} rc_pg_state_t;

/* The questions of follow.c: how often each is prepared under another name, and in which life of
 * the connection it was. */
enum { RC_PG_STATE, RC_PG_NEWS, RC_PG_LEVEL, RC_PG_QUESTIONS };

typedef struct rc_pg_t {
    PGconn *conn;
    int life; /* number of this connection: each new one has lost its prepared statements */
    const char *begin; /* BEGIN of a read transaction, which the next statement brings along */
    bool open;         /* the server is in a transaction */
    int owed;          /* batches whose answers were not read to their sync */
    apr_int64_t sent;  /* batches in all, by this connection and those before it */
    PGresult *row;     /* rows of the active statement, one or all; NULL: none */
    int at;            /* which of them is the current one */
    apr_int64_t changes;
    int made;                 /* statements that have no number of their own */
    bool read_only;           /* the server has refused to write */
    apr_interval_time_t wait; /* for one answer of the server; 0: without end */
    rc_pg_state_t state;      /* of the snapshot that was taken at once */
    struct {
        int renewed, life;
    } questions[RC_PG_QUESTIONS];
} rc_pg_t;

/* name.c */

/** Checks the text of a configuration and returns the connection string in it. */
rc_err_t *rc_pg_name(const char **conninfo, const char *text, apr_pool_t *pool);

/* error.c */

/** Turns a failed result into an error about @a what; clears the result. See driver.h for kinds. */
rc_err_t *rc_pg_error(rc_db_t *db, PGresult *result, const char *what);

/** Returns RC_E_BUSY: the server cannot be reached, or has ended the connection. */
rc_err_t *rc_pg_away(const PGconn *conn, const char *name, apr_pool_t *pool);

/** True when the connection has ended. */
bool rc_pg_is_lost(const rc_db_t *db);

/* wire.c */

/** Adds a command without parameters to the batch. */
rc_err_t *rc_pg_send(rc_db_t *db, const char *command);

/** Ends the batch and sends it. */
rc_err_t *rc_pg_sync(rc_db_t *db);

/** Reads the next result; NULL at the end of a command's results. Waits at most pg->wait. */
rc_err_t *rc_pg_next(PGresult **result, rc_db_t *db);

/** Reads the answers of all batches but the last @a keep. Returns the first error of the last one
 * that it reads, which is about @a what; NULL: nobody waits for any of them. *@a last, unless NULL:
 * the last result with rows, to be cleared by the caller, or NULL. */
rc_err_t *rc_pg_finish(PGresult **last, rc_db_t *db, int keep, const char *what);

/** Sends one batch of one command, and reads the answer. */
rc_err_t *rc_pg_run(PGresult **last, rc_db_t *db, const char *command);

/** Runs several commands in one text, outside of pipeline mode and without a limit of time. */
rc_err_t *rc_pg_script(PGresult **last, rc_db_t *db, const char *text);

/** The same; waits at most @a most for each answer. */
rc_err_t *rc_pg_script_within(PGresult **last, rc_db_t *db, const char *text,
                              apr_interval_time_t most);

/* connection.c */
rc_err_t *rc_pg_open(rc_db_t *db);
void rc_pg_close(rc_db_t *db);
rc_err_t *rc_pg_usable(rc_db_t *db, apr_pool_t *pool);

/** Replaces a connection that has ended. To be called where nothing is lost: before the first
 * statement of a transaction. */
rc_err_t *rc_pg_reopen(rc_db_t *db);

/* transaction.c */
rc_err_t *rc_pg_begin_read(rc_db_t *db, bool at_once);
rc_err_t *rc_pg_begin_write(rc_db_t *db, rc_write_mode_t mode);
rc_err_t *rc_pg_commit(rc_db_t *db);
void rc_pg_rollback(rc_db_t *db);

/* lock.c */
rc_err_t *rc_pg_lock(bool *locked, rc_db_t *db, const char *name, bool share);
rc_err_t *rc_pg_unlock(rc_db_t *db, const char *name, bool share);
rc_err_t *rc_pg_alive(rc_db_t *db);
int rc_pg_descriptor(rc_db_t *db);

/* tally.c */
rc_err_t *rc_pg_tally_wait(int *wait, rc_db_t *db, int place, int most);
rc_err_t *rc_pg_tally_add(rc_db_t *db, int place, int seconds);

/* watch.c */

/** Has the server note all changes; does nothing for tables that are watched already. In a write
 * transaction. */
rc_err_t *rc_pg_watch_changes(rc_db_t *db);

/** Sets *@a watched to whether the server notes all changes. */
rc_err_t *rc_pg_is_watched(bool *watched, rc_db_t *db);

/* follow.c */
rc_err_t *rc_pg_follow(void **follower, rc_db_t *db);
rc_news_t rc_pg_news(void *follower, rc_extent_t *extent);
bool rc_pg_is_at(const void *follower, const rc_db_t *db);

/** Sets pg->state to the state in the snapshot of the transaction; takes it if there is none. */
rc_err_t *rc_pg_read_state(rc_db_t *db);

/* copy.c */
rc_err_t *rc_pg_columns(apr_array_header_t **list, rc_db_t *db, const char *table,
                        apr_pool_t *pool);
rc_err_t *rc_pg_begin_copy(rc_db_t *db);
rc_err_t *rc_pg_end_copy(rc_db_t *db);
rc_err_t *rc_pg_foreign_columns(apr_array_header_t **list, rc_db_t *db, const char *table,
                                apr_pool_t *pool);
rc_err_t *rc_pg_last_id(apr_int64_t *id, rc_db_t *db, const char *table);
rc_err_t *rc_pg_set_last_id(rc_db_t *db, const char *table, apr_int64_t id);

/* maintain.c */
rc_err_t *rc_pg_version(int *version, rc_db_t *db);
rc_err_t *rc_pg_set_version(rc_db_t *db, int version);
rc_err_t *rc_pg_check(const char **problem, rc_db_t *db, apr_pool_t *pool);
rc_err_t *rc_pg_backup(rc_db_t *db, const char *path);
bool rc_pg_exists(const rc_db_config_t *config, apr_pool_t *pool);
rc_err_t *rc_pg_set_aside(const rc_db_config_t *config, apr_pool_t *pool);
rc_err_t *rc_pg_bring_back(const rc_db_config_t *config, apr_pool_t *pool);
rc_err_t *rc_pg_forget_aside(const rc_db_config_t *config, apr_pool_t *pool);

#endif
