// SPDX-License-Identifier: Apache-2.0
/*
 * Holds advisory locks for as long as a connection lives. Their keys are hashes that the server
 * makes of names, so that all machines have the same.
 */
#include "postgresql.h"

#define KEY "(hashtextextended($1, 4711))"

static rc_err_t *send_lock(rc_db_t *db, const char *command, const char *name)
{
    const rc_pg_t *pg = db->handle;

    if (!PQsendQueryParams(pg->conn, command, 1, NULL, &name, NULL, NULL, 1))
        return rc_pg_away(pg->conn, db->path, db->pool);
    return rc_pg_sync(db);
}

rc_err_t *rc_pg_lock(bool *locked, rc_db_t *db, const char *name, bool share)
{
    PGresult *row = NULL;
    rc_err_t *err;

    RC_TRY(send_lock(
        db, share ? "SELECT pg_try_advisory_lock_shared" KEY : "SELECT pg_try_advisory_lock" KEY,
        name));
    err = rc_pg_finish(&row, db, 0, "a lock");
    *locked = row && PQgetlength(row, 0, 0) == 1 && *PQgetvalue(row, 0, 0);
    PQclear(row);
    return err;
}

/* Nobody waits for the answer: it is read with the next one. */
rc_err_t *rc_pg_unlock(rc_db_t *db, const char *name, bool share)
{
    const rc_pg_t *pg = db->handle;

    RC_TRY(send_lock(
        db, share ? "SELECT pg_advisory_unlock_shared" KEY : "SELECT pg_advisory_unlock" KEY,
        name));
    PQflush(pg->conn);
    return NULL;
}

rc_err_t *rc_pg_alive(rc_db_t *db)
{
    return rc_pg_run(NULL, db, "SELECT 1");
}

int rc_pg_descriptor(rc_db_t *db)
{
    const rc_pg_t *pg = db->handle;

    return PQsocket(pg->conn);
}
