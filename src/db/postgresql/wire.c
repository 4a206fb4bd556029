// SPDX-License-Identifier: Apache-2.0
/*
 * Sends commands to the server and reads its answers, within a limit of time: a server that is
 * frozen or cut off holds no thread for ever.
 */
#include "postgresql.h"

#include <errno.h>
#include <poll.h>

#include "base/time.h"

#define BINARY 1 /* format of results */

/* Commands whose answers are read to their ends follow each other with one NULL in between. */
#define MOST_ENDS 2

static rc_err_t *sent(rc_db_t *db, int done)
{
    const rc_pg_t *pg = db->handle;

    return done ? NULL : rc_pg_away(pg->conn, db->path, db->pool);
}

rc_err_t *rc_pg_send(rc_db_t *db, const char *command)
{
    const rc_pg_t *pg = db->handle;

    return sent(db, PQsendQueryParams(pg->conn, command, 0, NULL, NULL, NULL, NULL, BINARY));
}

rc_err_t *rc_pg_sync(rc_db_t *db)
{
    rc_pg_t *pg = db->handle;

    RC_TRY(sent(db, PQpipelineSync(pg->conn)));
    pg->owed++;
    pg->sent++;
    return NULL;
}

/* Gives up a connection whose server does not answer: what it would say later answers nothing. */
static rc_err_t *abandon(rc_db_t *db)
{
    rc_pg_t *pg = db->handle;

    PQfinish(pg->conn);
    pg->conn = NULL;
    return rc_err_busy(db->pool, "the database %s does not answer", db->path);
}

/* Waits until the server has sent something, at most until *@a until, which the first call sets. */
static rc_err_t *wait_for_server(rc_db_t *db, bool unsent, apr_time_t *until)
{
    const rc_pg_t *pg = db->handle;
    struct pollfd fd = {.fd = PQsocket(pg->conn),
                        .events = (short)(unsent ? POLLIN | POLLOUT : POLLIN)};
    apr_interval_time_t left = pg->wait ? pg->wait : apr_time_from_sec(60);
    int n;

    if (pg->wait && *until)
        left = *until - rc_clock();
    else if (pg->wait)
        *until = rc_clock() + pg->wait;
    n = left > 0 ? poll(&fd, 1, (int)apr_time_as_msec(left) + 1) : 0;
    if (n < 0 && errno != EINTR)
        return rc_pg_away(pg->conn, db->path, db->pool);
    return !n && pg->wait ? abandon(db) : NULL;
}

rc_err_t *rc_pg_next(PGresult **result, rc_db_t *db)
{
    const rc_pg_t *pg = db->handle;
    apr_time_t until = 0;
    int unsent;

    *result = NULL;
    while ((unsent = PQflush(pg->conn)) || PQisBusy(pg->conn)) {
        if (unsent < 0)
            return rc_pg_away(pg->conn, db->path, db->pool);
        RC_TRY(wait_for_server(db, unsent, &until));
        if (!PQconsumeInput(pg->conn))
            return rc_pg_away(pg->conn, db->path, db->pool);
    }
    *result = PQgetResult(pg->conn);
    return NULL;
}

static bool is_failed(const PGresult *result)
{
    ExecStatusType status = PQresultStatus(result);

    return status == PGRES_FATAL_ERROR || status == PGRES_BAD_RESPONSE ||
           status == PGRES_PIPELINE_ABORTED;
}

/* Takes one result of the batch that is read last; the first error counts. */
static void take_result(PGresult **last, rc_err_t **err, rc_db_t *db, PGresult *result,
                        const char *what)
{
    if (is_failed(result)) {
        if (*err)
            PQclear(result);
        else
            *err = rc_pg_error(db, result, what);
    } else if (last && PQresultStatus(result) == PGRES_TUPLES_OK) {
        PQclear(*last);
        *last = result;
    } else {
        PQclear(result);
    }
}

rc_err_t *rc_pg_finish(PGresult **last, rc_db_t *db, int keep, const char *what)
{
    rc_pg_t *pg = db->handle;
    rc_err_t *err = NULL;
    PGresult *result;
    int ends = 0;

    if (last)
        *last = NULL;
    while (pg->owed > keep) {
        RC_TRY(rc_pg_next(&result, db));
        if (!result && (++ends > MOST_ENDS || rc_pg_is_lost(db)))
            return err ? err : rc_pg_away(pg->conn, db->path, db->pool);
        if (!result)
            continue;
        ends = 0;
        if (PQresultStatus(result) == PGRES_PIPELINE_SYNC) {
            PQclear(result);
            pg->owed--;
        } else if (!what || pg->owed > keep + 1) { /* of a batch that nobody waits for */
            PQclear(result);
        } else {
            take_result(last, &err, db, result, what);
        }
    }
    return err;
}

rc_err_t *rc_pg_run(PGresult **last, rc_db_t *db, const char *command)
{
    RC_TRY(rc_pg_send(db, command));
    RC_TRY(rc_pg_sync(db));
    return rc_pg_finish(last, db, 0, command);
}

/* Reads the results of a script, whose commands end with its first error. */
static rc_err_t *read_script(PGresult **last, rc_db_t *db)
{
    rc_err_t *err = NULL;
    PGresult *result;

    do {
        RC_TRY(rc_pg_next(&result, db));
        if (result)
            take_result(last, &err, db, result, "script");
    } while (result);
    return err;
}

rc_err_t *rc_pg_script(PGresult **last, rc_db_t *db, const char *text)
{
    return rc_pg_script_within(last, db, text, 0);
}

rc_err_t *rc_pg_script_within(PGresult **last, rc_db_t *db, const char *text,
                              apr_interval_time_t most)
{
    rc_pg_t *pg = db->handle;
    apr_interval_time_t wait = pg->wait;
    rc_err_t *err;

    if (last)
        *last = NULL;
    RC_TRY(rc_pg_finish(NULL, db, 0, "an earlier batch"));
    RC_TRY(sent(db, PQexitPipelineMode(pg->conn)));
    RC_TRY(sent(db, PQsendQuery(pg->conn, text)));
    pg->wait = most;
    err = read_script(last, db);
    pg->wait = wait;
    if (!PQenterPipelineMode(pg->conn) && !err)
        err = rc_pg_away(pg->conn, db->path, db->pool);
    return err;
}
