// SPDX-License-Identifier: Apache-2.0
/*
 * What is done to the database as a whole: process settings, check, online backup.
 */
#include "db/stmt.h"

#include <fcntl.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/versions.h"

void rc_db_startup(void)
{
    /* Statistics cost a mutex at every allocation. Refused when SQLite runs already: fine. */
    sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    sqlite3_initialize();
    rc_version_add("SQLite", sqlite3_libversion());
}

/* Pages of the -wal file after which a commit copies them into the database, and after which it
 * also empties the file: it grows past the first while somebody reads an old snapshot. */
#define CHECKPOINT_AT 1000
#define EMPTY_AT      4000

/* Who writes does it, and never waits for a reader: while one stands in the way, every commit tries
 * again. */
static int bound_wal(void *baton, sqlite3 *handle, const char *name, int pages)
{
    rc_db_t *db = baton;

    if (pages < CHECKPOINT_AT)
        return SQLITE_OK;
    sqlite3_busy_timeout(handle, 0);
    sqlite3_wal_checkpoint_v2(
        handle, name, pages < EMPTY_AT ? SQLITE_CHECKPOINT_PASSIVE : SQLITE_CHECKPOINT_TRUNCATE,
        NULL, NULL);
    sqlite3_busy_timeout(handle, (int)apr_time_as_msec(db->config->timeout));
    return SQLITE_OK;
}

void rc_db_bound_wal(rc_db_t *db)
{
    sqlite3_wal_hook(db->handle, bound_wal, db);
}

static rc_err_t *first_text(const char **text, rc_db_t *db, rc_sql_t sql, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool row;

    *text = NULL;
    RC_TRY(rc_stmt(&st, db, sql));
    RC_TRY(rc_step(&row, st, db));
    if (row)
        *text = rc_column_text(st, 0, pool);
    rc_done(st);
    return NULL;
}

rc_err_t *rc_db_check(const char **problem, rc_db_t *db, apr_pool_t *pool)
{
    const char *text;

    *problem = NULL;
    RC_TRY(first_text(&text, db, SQL_INTEGRITY_CHECK, pool));
    if (text && apr_strnatcmp(text, "ok")) {
        *problem = apr_psprintf(pool, "integrity: %s", text);
        return NULL;
    }
    RC_TRY(first_text(&text, db, SQL_FOREIGN_KEY_CHECK, pool));
    if (text)
        *problem = apr_psprintf(pool, "a row of table %s points nowhere", text);
    return NULL;
}

rc_err_t *rc_db_backup(rc_db_t *db, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    sqlite3 *copy = NULL;
    sqlite3_backup *backup;
    int n;

    if (fd < 0)
        return rc_fs_err(db->pool, "create", path);
    close(fd);
    n = sqlite3_open_v2(path, &copy, SQLITE_OPEN_READWRITE, NULL);
    if (n == SQLITE_OK && (backup = sqlite3_backup_init(copy, "main", db->handle, "main"))) {
        n = sqlite3_backup_step(backup, -1);
        if (n == SQLITE_DONE)
            n = sqlite3_backup_finish(backup);
        else
            sqlite3_backup_finish(backup);
    }
    sqlite3_close_v2(copy);
    if (n == SQLITE_OK)
        return NULL;
    unlink(path);
    return rc_err_internal(db->pool, APR_SUCCESS, "backup to %s: %s", path, sqlite3_errstr(n));
}
