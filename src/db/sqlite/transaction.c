// SPDX-License-Identifier: Apache-2.0
/*
 * Runs transactions of SQLite: read snapshots, and one write transaction at a time.
 */
#include "sqlite.h"

#include <apr_strings.h>

/* BEGIN IMMEDIATE takes the write lock at once, so that it cannot fail later. */
static const char *const texts[OWN_STATEMENTS] = {[BEGIN_READ] = "BEGIN",
                                                  [SNAPSHOT] =
                                                      "SELECT 1 FROM sqlite_schema LIMIT 1",
                                                  [BEGIN_WRITE] = "BEGIN IMMEDIATE",
                                                  [COMMIT] = "COMMIT"};

/* A statement that failed is reset, too: a BEGIN IMMEDIATE that found another writer would count as
 * in progress, and the next COMMIT fail. */
static rc_err_t *run_own(rc_db_t *db, int which)
{
    rc_sqlite_t *own = db->handle;
    rc_err_t *err;
    int n = SQLITE_OK;

    if (!own->own[which])
        n = sqlite3_prepare_v3(own->handle, texts[which], -1, SQLITE_PREPARE_PERSISTENT,
                               &own->own[which], NULL);
    if (n == SQLITE_OK)
        n = sqlite3_step(own->own[which]);
    err = n == SQLITE_DONE || n == SQLITE_ROW ? NULL : rc_sqlite_error(db, n, texts[which]);
    sqlite3_reset(own->own[which]);
    return err;
}

/* BEGIN alone takes no snapshot; the first statement does. */
rc_err_t *rc_sqlite_begin_read(rc_db_t *db, bool at_once)
{
    RC_TRY(run_own(db, BEGIN_READ));
    return at_once ? run_own(db, SNAPSHOT) : NULL;
}

/* Switches between durable and lazy commits; SQLite allows that only outside a transaction. */
static rc_err_t *set_lazy(rc_db_t *db, bool lazy)
{
    rc_sqlite_t *own = db->handle;

    if (own->lazy == lazy)
        return NULL;
    RC_TRY(rc_sqlite_exec(db, apr_pstrcat(db->pool, "PRAGMA synchronous = ",
                                          lazy ? "NORMAL" : db->config->synchronous, NULL)));
    own->lazy = lazy;
    return NULL;
}

rc_err_t *rc_sqlite_begin_write(rc_db_t *db, rc_write_mode_t mode)
{
    rc_sqlite_t *own = db->handle;
    bool waits = mode != RC_WRITE_IDLE;
    rc_err_t *err;

    RC_TRY(set_lazy(db, mode != RC_WRITE_DURABLE));
    RC_TRY(rc_sqlite_lock_writers(db, waits ? db->config->timeout : 0));
    if (!waits)
        sqlite3_busy_timeout(own->handle, 0); /* programs that do not know the lock file */
    err = run_own(db, BEGIN_WRITE);
    if (!waits)
        sqlite3_busy_timeout(own->handle, (int)apr_time_as_msec(db->config->timeout));
    if (err)
        rc_sqlite_unlock_writers(db);
    else
        rc_sqlite_record_begin(db);
    return err;
}

rc_err_t *rc_sqlite_commit(rc_db_t *db)
{
    RC_TRY(run_own(db, COMMIT)); /* records it, in limit_wal */
    rc_sqlite_record_end(db->handle);
    rc_sqlite_unlock_writers(db);
    return NULL;
}

void rc_sqlite_rollback(rc_db_t *db)
{
    rc_sqlite_t *own = db->handle;
    int i;

    for (i = 0; i < OWN_STATEMENTS; i++)
        sqlite3_reset(own->own[i]);
    if (!sqlite3_get_autocommit(own->handle))
        sqlite3_exec(own->handle, "ROLLBACK", NULL, NULL, NULL);
    rc_sqlite_record_end(own);
    rc_sqlite_unlock_writers(db);
}
