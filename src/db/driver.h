// SPDX-License-Identifier: Apache-2.0
/*
 * The driver table: everything that depends on the kind of database. The other files of src/db use
 * only this table; sqlite/ and postgresql/ hold the drivers. Private to src/db.
 *
 * A driver can rely on this: one thread uses a connection at a time; at most one statement of a
 * connection is between its first row and its end; after an error the transaction is rolled back;
 * bound texts and blobs live until the statement is reset. Errors live in db->pool. A violated
 * constraint is RC_E_CONFLICT with its name; a lock that was not acquired in time is RC_E_BUSY.
 */
#ifndef RC_DB_DRIVER_H
#define RC_DB_DRIVER_H

#include "db/generation.h"
#include "db/stmt.h"

typedef struct rc_driver_t rc_driver_t;

/* How a write transaction begins: DURABLE waits for other writers and, at its commit, for the disk;
 * LAZY does not wait for the disk; IDLE does not wait at all. */
typedef enum { RC_WRITE_DURABLE, RC_WRITE_LAZY, RC_WRITE_IDLE } rc_write_mode_t;

/* What a driver knows about changes since it was last asked. */
typedef enum {
    RC_NEWS_NONE,   /* none: all commits that were acknowledged are known */
    RC_NEWS_CHANGE, /* one commit, with its extent; ask again for the next */
    RC_NEWS_LOST,   /* commits of unknown extent; ask again for the next */
    RC_NEWS_UNKNOWN /* perhaps a commit that has not been reported yet: ask again later */
} rc_news_t;

/* A statement of a connection. */
struct rc_stmt_t {
    rc_db_t *db;
    void *handle;        /* the driver's; NULL before the first use */
    int number;          /* in the texts of the configuration */
    apr_uint64_t tables; /* bit N: table N is named in the text */
    bool few;            /* its rows are few: they may come all at once (rc_expect_few) */
    bool ahead;          /* nobody has used it since rc_ahead */
};

/* A connection. */
struct rc_db_t {
    const rc_driver_t *driver;
    void *handle;             /* the driver's */
    const char *path;         /* the database's name in messages */
    apr_pool_t *own;          /* ends with the connection */
    apr_pool_t *pool;         /* of the request that uses the connection: errors live here */
    struct rc_lease_t *lease; /* of the pool of connections; NULL without one */
    const rc_db_config_t *config;
    const rc_db_texts_t *texts; /* of the configuration; outlive it */
    bool writing, reading;      /* which transaction is open */
    bool failed;                /* the transaction can only be rolled back */
    rc_stmt_t *active;          /* the statement that stands on a row, or NULL */
    rc_stmt_t *statements;      /* one for each text; NULL: of db/memory.h */

    /* For remembered values (db/memory.h); NULL and 0 without. */
    struct rc_memory_t *memory;
    rc_generation_t generation; /* of the read transaction's snapshot, if it is known */
    apr_uint64_t reading_now;   /* the tables of the last statement; not in `read` yet */
    rc_extent_t read;           /* by this transaction */
    rc_extent_t read_since;     /* the same since the last rc_recall, of this kind and id */
    char recalled_kind;
    apr_int64_t recalled_id;
};

/* The number of statements that are none of the texts. */
#define RC_STMT_MADE(db) ((db)->texts->statement_count)

/* A column of a table. */
typedef struct rc_db_column_t {
    const char *name;
    char type; /* i: integer, s: text, b: blob */
} rc_db_column_t;

struct rc_driver_t {
    /* Process-wide: options of the library, its version. */
    void (*startup)(void);
    /* See rc_db_find. */
    rc_err_t *(*find)(const char **path, const rc_db_config_t *config, apr_pool_t *pool);

    bool server; /* whether the schema is in the words of a database server */

    /* Whole databases: see rc_db_exists and the functions after it. */
    bool (*exists)(const rc_db_config_t *config, apr_pool_t *pool);
    /* See rc_db_spill_path; and the account whose files beside the database are trusted. NULL:
     * none. */
    const char *(*spill_path)(const rc_db_config_t *config, apr_pool_t *pool);
    uid_t (*owner)(const rc_db_t *db);
    rc_err_t *(*set_aside)(const rc_db_config_t *config, apr_pool_t *pool);
    rc_err_t *(*bring_back)(const rc_db_config_t *config, apr_pool_t *pool);
    rc_err_t *(*forget_aside)(const rc_db_config_t *config, apr_pool_t *pool);

    /* Connections. open sets handle and path; close runs for whatever open set, even when open
     * failed. usable makes an idle connection ready, or reports why it cannot be used any more. */
    rc_err_t *(*open)(rc_db_t *db);
    void (*close)(rc_db_t *db);
    rc_err_t *(*usable)(rc_db_t *db, apr_pool_t *pool);
    rc_err_t *(*exec)(rc_db_t *db, const char *sql);
    rc_err_t *(*check)(const char **problem, rc_db_t *db, apr_pool_t *pool);
    rc_err_t *(*backup)(rc_db_t *db, const char *path);

    /* The number of schema steps that the database has. */
    rc_err_t *(*version)(int *version, rc_db_t *db);
    rc_err_t *(*set_version)(rc_db_t *db, int version);

    /* Copying a database (db/copy.h): the columns of a table (of rc_db_column_t); what has to be
     * done before and after all rows are inserted, whose references are in any order; the highest
     * id that a row of a table ever got by itself (0: none), and setting it. */
    rc_err_t *(*columns)(apr_array_header_t **list, rc_db_t *db, const char *table,
                         apr_pool_t *pool);
    rc_err_t *(*begin_copy)(rc_db_t *db);
    rc_err_t *(*end_copy)(rc_db_t *db);
    rc_err_t *(*last_id)(apr_int64_t *id, rc_db_t *db, const char *table);
    rc_err_t *(*set_last_id)(rc_db_t *db, const char *table, apr_int64_t id);

    /* The names (const char *) of the columns of a table of another program's database; none when
     * there is no such table. */
    rc_err_t *(*foreign_columns)(apr_array_header_t **list, rc_db_t *db, const char *table,
                                 apr_pool_t *pool);

    /* Transactions. One write transaction runs at a time among all processes; rollback runs with
     * all statements reset, and also after a commit that failed. A read transaction with @a at_once
     * has its snapshot when it has begun, else perhaps only at its first statement. */
    rc_err_t *(*begin_read)(rc_db_t *db, bool at_once);
    rc_err_t *(*begin_write)(rc_db_t *db, rc_write_mode_t mode);
    rc_err_t *(*commit)(rc_db_t *db);
    void (*rollback)(rc_db_t *db);

    /* Locks with names, for all machines (db/lock.h): held until unlock or the end of the
     * connection, by each connection as often as it has acquired them. lock does not wait; after an
     * error the connection is closed. alive asks the server whether it is there; descriptor is the
     * one whose end ends the connection. NULL: all processes are on one machine. */
    rc_err_t *(*lock)(bool *locked, rc_db_t *db, const char *name, bool share);
    rc_err_t *(*unlock)(rc_db_t *db, const char *name, bool share);
    rc_err_t *(*alive)(rc_db_t *db);
    int (*descriptor)(rc_db_t *db);

    /* Counts for all machines (db/tally.h), by their places. NULL: all processes are on one
     * machine. */
    rc_err_t *(*tally_wait)(int *wait, rc_db_t *db, int place, int most);
    rc_err_t *(*tally_add)(rc_db_t *db, int place, int seconds);

    /* Following changes (db/generation.h). follow begins with the current state, by a connection
     * that is used for nothing else, and may be replaced; *follower stays NULL when the driver
     * cannot report changes. Each commit of this driver, in any process, must be reported with an
     * extent that holds all that it has changed, or as lost. news is called by one thread at a
     * time. */
    rc_err_t *(*follow)(void **follower, rc_db_t *db);
    rc_news_t (*news)(void *follower, rc_extent_t *extent);
    /* True when the snapshot of the open read transaction, which was taken at once, is the state
     * that was reported last. NULL: a snapshot cannot be compared; then nothing may be new
     * immediately before and after it is taken. */
    bool (*is_at)(const void *follower, const rc_db_t *db);

    /* Statements: parameters are ?1, ?2 ... in their texts and counted from 1. NULL as a text, or
     * as the data of a blob, binds SQL NULL; bind_no_int does so for a number. bind_ids binds what
     * json_each(?N) in a text yields. json_group_array(x) yields the numbers of all rows in one
     * text, between brackets of some kind and with commas, or NULL for none. step resets a
     * statement at its end and after an error. */
    rc_err_t *(*prepare)(rc_stmt_t *st, const char *text);
    void (*finalize)(rc_stmt_t *st);
    rc_err_t *(*bind_text)(rc_stmt_t *st, int at, const char *text);
    rc_err_t *(*bind_int)(rc_stmt_t *st, int at, apr_int64_t value);
    rc_err_t *(*bind_blob)(rc_stmt_t *st, int at, const void *data, int len);
    rc_err_t *(*bind_no_int)(rc_stmt_t *st, int at);
    rc_err_t *(*bind_ids)(rc_stmt_t *st, int at, const apr_int64_t *ids, int count);
    rc_err_t *(*step)(bool *row, rc_stmt_t *st);
    rc_err_t *(*ahead)(rc_stmt_t *st); /* see rc_ahead; NULL: does nothing */
    void (*reset)(rc_stmt_t *st);
    apr_int64_t (*changes)(rc_db_t *db); /* rows that the last statement changed */

    /* Columns of the current row, counted from 0; NULL for SQL NULL; valid until the next step. A
     * boolean is the int 1 or 0. */
    const char *(*column_text)(rc_stmt_t *st, int column, int *len);
    apr_int64_t (*column_int)(rc_stmt_t *st, int column);
    const void *(*column_blob)(rc_stmt_t *st, int column, int *len);
};

extern const rc_driver_t rc_driver_sqlite;
extern const rc_driver_t rc_driver_postgresql; /* if it was built: RCAPI_POSTGRESQL */

/** Sets *@a driver to the one for the database @a name, unless this build lacks it. */
rc_err_t *rc_db_driver(const rc_driver_t **driver, const char *name, apr_pool_t *pool);

/** Returns whether the file @a path is a database, as its first bytes say. */
bool rc_db_file_is_database(const char *path, apr_pool_t *pool);

/** Prepares a statement that is none of the texts; its driver finalizes it. */
rc_err_t *rc_stmt_make(rc_stmt_t **st, rc_db_t *db, const char *text, apr_pool_t *pool);

/** Returns RC_E_BUSY, with a message: others have the database open (config->alone). */
rc_err_t *rc_db_in_use(const rc_db_t *db);

/** Applies all missing schema steps. Rejects a schema that is newer than this program. */
rc_err_t *rc_schema_update(rc_db_t *db);

/** Reports, as RC_E_INTERNAL, why @a next cannot begin: another statement stands on a row, or the
 * transaction has failed. */
rc_err_t *rc_db_check_ready(const rc_db_t *db, const char *next);

#endif
