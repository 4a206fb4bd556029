// SPDX-License-Identifier: Apache-2.0
/*
 * Works on an SQLite database as a whole: process settings, schema version, size of the -wal file,
 * check, online backup.
 */
#include "sqlite.h"

#include <fcntl.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/versions.h"

void rc_sqlite_startup(void)
{
    /* Statistics cost a mutex at each allocation. When SQLite already runs, this
     * fails harmlessly. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
    rc_version_add("SQLite", sqlite3_libversion());
}

/* Sizes of the -wal file in pages. From the first on, a commit copies the pages into the database;
 * from the second on, it also truncates the file. The file exceeds the first while a reader holds
 * an old snapshot. */
#define CHECKPOINT_AT 1000
#define EMPTY_AT      4000

/* Runs after every commit, which it records first: readers wait for the record. Never waits for a
 * reader: while one blocks it, every later commit retries. */
static int limit_wal(void *baton, sqlite3 *handle, const char *name, int pages)
{
    rc_db_t *db = baton;

    rc_sqlite_record(db->handle);
    if (pages < CHECKPOINT_AT)
        return SQLITE_OK;
    sqlite3_busy_timeout(handle, 0);
    sqlite3_wal_checkpoint_v2(
        handle, name, pages < EMPTY_AT ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE,
        NULL, NULL);
    sqlite3_busy_timeout(handle, (int)apr_time_as_msec(db->config->timeout));
    return SQLITE_OK;
}

void rc_sqlite_limit_wal(rc_db_t *db)
{
    rc_sqlite_t *own = db->handle;

    sqlite3_wal_hook(own->handle, limit_wal, db);
}

/* Runs @a sql and reads its first row. *@a found: there is one. Its first column goes into
 * @a number or, copied to @a pool, into @a text. */
static rc_err_t *first_row(bool *found, int *number, const char **text, rc_db_t *db,
                           const char *sql, apr_pool_t *pool)
{
    rc_sqlite_t *own = db->handle;
    sqlite3_stmt *st;
    int n = sqlite3_prepare_v2(own->handle, sql, -1, &st, NULL);

    if (n != SQLITE_OK)
        return rc_sqlite_error(db, n, sql);
    n = sqlite3_step(st);
    *found = n == SQLITE_ROW;
    if (*found && number)
        *number = sqlite3_column_int(st, 0);
    if (*found && text)
        *text = apr_pstrdup(pool, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return n == SQLITE_ROW || n == SQLITE_DONE ? NULL : rc_sqlite_error(db, n, sql);
}

rc_err_t *rc_sqlite_version(int *version, rc_db_t *db)
{
    bool found;

    *version = 0;
    return first_row(&found, version, NULL, db, "PRAGMA user_version", NULL);
}

rc_err_t *rc_sqlite_set_version(rc_db_t *db, int version)
{
    return rc_sqlite_exec(db, apr_psprintf(db->pool, "PRAGMA user_version = %d", version));
}

rc_err_t *rc_sqlite_check(const char **problem, rc_db_t *db, apr_pool_t *pool)
{
    const char *text = NULL;
    bool found;

    RC_TRY(first_row(&found, NULL, &text, db, "PRAGMA integrity_check(1)", pool));
    if (found && text && apr_strnatcmp(text, "ok")) {
        *problem = apr_psprintf(pool, "integrity: %s", text);
        return NULL;
    }
    RC_TRY(first_row(&found, NULL, &text, db, "PRAGMA foreign_key_check", pool));
    if (found)
        *problem = apr_psprintf(pool, "a row of table %s refers to a missing row", text);
    return NULL;
}

/* Copies the whole database into the empty file @a path. Returns a code of SQLite. */
static int copy_to(const rc_sqlite_t *own, const char *path)
{
    sqlite3 *copy = NULL;
    sqlite3_backup *backup;
    int n = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE, NULL);

    if (n == SQLITE_OK && (backup = sqlite3_backup_init(copy, "main", own->handle, "main"))) {
        n = sqlite3_backup_step(backup, -1);
        if (n == SQLITE_DONE)
            n = sqlite3_backup_finish(backup);
        else
            sqlite3_backup_finish(backup);
    }
    sqlite3_close_v2(copy);
    return n;
}

rc_err_t *rc_sqlite_backup(rc_db_t *db, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600), n;

    if (fd < 0)
        return rc_fs_err(db->pool, "create", path);
    close(fd);
    n = copy_to(db->handle, path);
    if (n == SQLITE_OK)
        return NULL;
    unlink(path);
    return rc_err_internal(db->pool, APR_SUCCESS, "backup to %s: %s", path, sqlite3_errstr(n));
}
