// SPDX-License-Identifier: Apache-2.0
/*
 * Opens, configures and closes connections to SQLite databases.
 */
#include "sqlite.h"

#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "file.h"

#define PAGES 2000 /* KiB that a connection keeps, where there are few of them */

static rc_err_t *configure(rc_db_t *db)
{
    rc_sqlite_t *own = db->handle;

    sqlite3_busy_timeout(own->handle, (int)apr_time_as_msec(db->config->timeout));
    sqlite3_extended_result_codes(own->handle, 1);
    sqlite3_db_config(own->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(own->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    rc_sqlite_limit_wal(db);
    rc_sqlite_watch_changes(db);
    return rc_sqlite_exec(
        db,
        apr_psprintf(db->pool,
                     "PRAGMA locking_mode = %s; PRAGMA journal_mode = WAL; PRAGMA synchronous = %s;"
                     "PRAGMA foreign_keys = ON; PRAGMA mmap_size = 0;"
                     "PRAGMA cache_size = -%d; PRAGMA temp_store = MEMORY;"
                     "PRAGMA journal_size_limit = 16777216; PRAGMA secure_delete = FAST",
                     db->config->alone ? "EXCLUSIVE" : "NORMAL", db->config->synchronous,
                     db->config->pages ? db->config->pages : PAGES));
}

rc_err_t *rc_sqlite_open(rc_db_t *db)
{
    rc_sqlite_t *own = apr_pcalloc(db->own, sizeof(*own));
    rc_err_t *err;
    int n;

    own->write_lock = -1;
    db->handle = own;
    if (db->config->foreign)
        return rc_sqlite_open_foreign(db);
    RC_TRY(rc_sqlite_find(&db->path, db->config, db->own));
    if (db->config->create)
        RC_TRY(rc_sqlite_file_create(db->path, db->own));
    if (stat(db->path, &own->file))
        return rc_fs_err(db->pool, "examine", db->path);
    n = sqlite3_open_v2(db->path, &own->handle,
                        SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_NOFOLLOW, NULL);
    if (n != SQLITE_OK)
        return rc_sqlite_error(db, n, db->path);
    RC_TRY(rc_sqlite_file_beside(&own->write_lock, db->path, ".lock", db->own));
    err = configure(db);
    return err && err->kind == RC_E_BUSY && db->config->alone ? rc_db_in_use(db) : err;
}

void rc_sqlite_close(rc_db_t *db)
{
    rc_sqlite_t *own = db->handle;
    int i;

    for (i = 0; i < OWN_STATEMENTS; i++)
        sqlite3_finalize(own->own[i]);
    sqlite3_close_v2(own->handle);
    if (own->write_lock >= 0)
        close(own->write_lock);
}

uid_t rc_sqlite_owner(const rc_db_t *db)
{
    const rc_sqlite_t *own = db->handle;

    return own->file.st_uid;
}

/* Rejects a connection whose file was deleted or replaced, for example by a restore. Writes to a
 * deleted file are lost, and a new file must not be mixed with the -wal file of the old one. */
rc_err_t *rc_sqlite_usable(rc_db_t *db, apr_pool_t *pool)
{
    const rc_sqlite_t *own = db->handle;
    struct stat st;

    if (stat(db->path, &st))
        return rc_fs_err(pool, "use", db->path);
    if (st.st_dev == own->file.st_dev && st.st_ino == own->file.st_ino)
        return NULL;
    return rc_err_internal(pool, APR_SUCCESS,
                           "%s was replaced while it was in use: stop httpd, remove %s-wal and "
                           "%s-shm, and start it again",
                           db->path, db->path, db->path);
}
