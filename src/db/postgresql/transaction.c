// SPDX-License-Identifier: Apache-2.0
/*
 * Runs transactions of PostgreSQL: read snapshots, and one write transaction at a time among all
 * machines. Writers queue on an advisory lock, which is fair and ends with the transaction; so none
 * ever has to be repeated, and ids are given in the order of commits.
 */
#include "postgresql.h"

/* How long the beginning of a transaction may take: one that reads waits for nobody who could hold
 * it up for longer than the limit of locks. A server that is frozen, or cut off behind a proxy that
 * is not, is then asked on a new connection. */
#define BEGIN_READ_TIME apr_time_from_sec(6)

/* READ COMMITTED: what a writer reads has to be younger than the lock. */
static const char *const begin_commands[][4] = {
    [RC_WRITE_DURABLE] = {"BEGIN", "SELECT pg_advisory_xact_lock(" RC_PG_WRITERS ")"},
    [RC_WRITE_LAZY] = {"BEGIN", "SET LOCAL synchronous_commit = off",
                       "SELECT pg_advisory_xact_lock(" RC_PG_WRITERS ")"},
    [RC_WRITE_IDLE] = {"BEGIN", "SET LOCAL synchronous_commit = off",
                       "SELECT pg_try_advisory_xact_lock(" RC_PG_WRITERS ")"},
};

#define BEGIN_READ "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY"

/* Returns what the server may take for the beginning of a transaction, and sets it aside. */
static apr_interval_time_t limit_wait(rc_db_t *db, apr_interval_time_t most)
{
    rc_pg_t *pg = db->handle;
    apr_interval_time_t wait = pg->wait;

    pg->wait = most;
    return wait;
}

static rc_err_t *take_snapshot(rc_db_t *db)
{
    rc_pg_t *pg = db->handle;
    apr_interval_time_t wait = limit_wait(db, BEGIN_READ_TIME);
    rc_err_t *err = rc_pg_send(db, BEGIN_READ);

    if (!err)
        err = rc_pg_read_state(db);
    pg->wait = wait;
    return err;
}

/* Without @a at_once the next statement brings the BEGIN along: nothing is read before it, so the
 * snapshot is the same. */
rc_err_t *rc_pg_begin_read(rc_db_t *db, bool at_once)
{
    rc_pg_t *pg = db->handle;
    rc_err_t *err;

    if (!at_once) {
        pg->begin = BEGIN_READ;
        return NULL;
    }
    err = take_snapshot(db);
    if (err && rc_pg_is_lost(db)) {
        RC_TRY(rc_pg_reopen(db));
        err = take_snapshot(db);
    }
    pg->open = true;
    if (err)
        rc_pg_rollback(db);
    return err;
}

static rc_err_t *send_begin(rc_db_t *db, rc_write_mode_t mode)
{
    const char *const *command;

    for (command = begin_commands[mode]; *command; command++)
        RC_TRY(rc_pg_send(db, *command));
    return rc_pg_sync(db);
}

/* Sends BEGIN and the lock; sets *@a locked to what the server says. */
static rc_err_t *take_turn(bool *locked, rc_db_t *db, rc_write_mode_t mode)
{
    rc_pg_t *pg = db->handle;
    apr_interval_time_t wait = limit_wait(db, db->config->timeout + RC_PG_MARGIN);
    PGresult *row = NULL;
    rc_err_t *err = send_begin(db, mode);

    if (!err)
        err = rc_pg_finish(&row, db, 0, "the writers' lock");
    pg->wait = wait;
    *locked =
        mode != RC_WRITE_IDLE || (row && PQgetlength(row, 0, 0) == 1 && *PQgetvalue(row, 0, 0));
    PQclear(row);
    return err;
}

rc_err_t *rc_pg_begin_write(rc_db_t *db, rc_write_mode_t mode)
{
    rc_pg_t *pg = db->handle;
    bool locked = false;
    rc_err_t *err = take_turn(&locked, db, mode);

    if (err && rc_pg_is_lost(db)) {
        RC_TRY(rc_pg_reopen(db));
        err = take_turn(&locked, db, mode);
    }
    pg->open = true;
    if (!err && locked)
        return NULL;
    rc_pg_rollback(db);
    return err ? err : rc_err_busy(db->pool, "another writer is at work");
}

/* Returns an error unless the server says that it has committed. */
static rc_err_t *commit_write(rc_db_t *db)
{
    const rc_pg_t *pg = db->handle;
    rc_err_t *err;

    if (PQtransactionStatus(pg->conn) == PQTRANS_INERROR) /* COMMIT would roll back, silently */
        return rc_err_internal(db->pool, APR_SUCCESS, "commit of a transaction that has failed");
    err = rc_pg_run(NULL, db, "COMMIT");
    if (err && rc_pg_is_lost(db))
        err->msg =
            "The connection to the database ended during the commit: the change was made, or "
            "it was not; please look before you repeat it";
    return err;
}

/* Nobody waits for the end of a read transaction: its answer is read with the next one. */
static rc_err_t *commit_read(rc_db_t *db)
{
    const rc_pg_t *pg = db->handle;

    RC_TRY(rc_pg_send(db, "COMMIT"));
    RC_TRY(rc_pg_sync(db));
    PQflush(pg->conn);
    return NULL;
}

rc_err_t *rc_pg_commit(rc_db_t *db)
{
    rc_pg_t *pg = db->handle;

    if (pg->begin) { /* nothing was sent */
        pg->begin = NULL;
        return NULL;
    }
    RC_TRY(db->writing ? commit_write(db) : commit_read(db));
    pg->open = false;
    return NULL;
}

void rc_pg_rollback(rc_db_t *db)
{
    rc_pg_t *pg = db->handle;
    bool open = pg->open;

    pg->begin = NULL;
    pg->open = false;
    if (open && !rc_pg_is_lost(db) && rc_pg_run(NULL, db, "ROLLBACK") && pg->conn) {
        PQfinish(pg->conn); /* whatever it is in, it ends with the connection */
        pg->conn = NULL;
    }
}
