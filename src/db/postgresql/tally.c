// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps counts in a table that is neither logged nor watched: each statement is a transaction of
 * its own, which waits neither for the disk nor for other writers. The time is the server's.
 */
#include "postgresql.h"

#include <apr_strings.h>

#define TABLE RC_PG_SCHEMA ".tally"

static const char wait_text[] = "SELECT ceil(extract(epoch FROM until - now()))::int FROM " TABLE
                                " WHERE place = $1::int AND count >= $2::int AND until > now()";
static const char add_text[] =
    "INSERT INTO " TABLE " AS t (place, count, until)"
    " VALUES ($1::int, 1, now() + $2::int * interval '1 second') ON CONFLICT (place) DO UPDATE SET"
    " count = CASE WHEN t.until > now() THEN t.count + 1 ELSE 1 END,"
    " until = CASE WHEN t.until > now() THEN t.until ELSE excluded.until END";

/* Runs a statement with two numbers; sets *@a row to its row, if it has one. */
static rc_err_t *run_with(PGresult **row, rc_db_t *db, const char *text, int place, int number)
{
    const rc_pg_t *pg = db->handle;
    const char *const values[] = {apr_itoa(db->pool, place), apr_itoa(db->pool, number)};

    if (!PQsendQueryParams(pg->conn, text, 2, NULL, values, NULL, NULL, 0))
        return rc_pg_away(pg->conn, db->path, db->pool);
    RC_TRY(rc_pg_sync(db));
    return rc_pg_finish(row, db, 0, "a count");
}

rc_err_t *rc_pg_tally_wait(int *wait, rc_db_t *db, int place, int most)
{
    PGresult *row;
    rc_err_t *err = run_with(&row, db, wait_text, place, most);

    if (!err && PQntuples(row))
        *wait = (int)apr_atoi64(PQgetvalue(row, 0, 0));
    PQclear(row);
    return err;
}

rc_err_t *rc_pg_tally_add(rc_db_t *db, int place, int seconds)
{
    return run_with(NULL, db, add_text, place, seconds);
}
