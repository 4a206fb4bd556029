// SPDX-License-Identifier: Apache-2.0
/*
 * Runs transactions on a connection: commits on success, else rolls back.
 */
#include "memory.h"

rc_err_t *rc_db_begin_read(rc_db_t *db)
{
    bool at_once;

    RC_TRY(rc_db_check_ready(db, "a transaction"));
    at_once = rc_memory_begin(db);
    RC_TRY(db->driver->begin_read(db, at_once));
    rc_memory_settle(db);
    db->reading = true;
    return NULL;
}

static rc_err_t *begin_write(rc_db_t *db, rc_write_mode_t mode)
{
    RC_TRY(rc_db_check_ready(db, "a transaction"));
    RC_TRY(db->driver->begin_write(db, mode));
    db->writing = true;
    return NULL;
}

rc_err_t *rc_db_begin_write(rc_db_t *db)
{
    return begin_write(db, RC_WRITE_DURABLE);
}

rc_err_t *rc_db_commit(rc_db_t *db)
{
    rc_err_t *err = rc_db_check_ready(db, "a commit");

    if (!err)
        err = db->driver->commit(db);
    if (err)
        rc_db_rollback(db);
    db->reading = db->writing = false;
    return err;
}

void rc_db_rollback(rc_db_t *db)
{
    if (db->active)
        rc_done(db->active);
    if (!db->writing && !db->reading)
        return;
    db->driver->rollback(db);
    db->reading = db->writing = db->failed = false;
}

static rc_err_t *run_txn(rc_db_t *db, rc_write_mode_t mode,
                         rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton)
{
    rc_err_t *err;

    RC_TRY(begin_write(db, mode));
    err = fn(baton, db);
    if (!err)
        return rc_db_commit(db);
    rc_db_rollback(db);
    return err;
}

rc_err_t *rc_db_txn(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton)
{
    return run_txn(db, RC_WRITE_DURABLE, fn, baton);
}

rc_err_t *rc_db_txn_lazy(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton)
{
    return run_txn(db, RC_WRITE_LAZY, fn, baton);
}

rc_err_t *rc_db_txn_idle(rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db), void *baton)
{
    return run_txn(db, RC_WRITE_IDLE, fn, baton);
}
