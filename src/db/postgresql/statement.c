// SPDX-License-Identifier: Apache-2.0
/*
 * Runs statements of PostgreSQL. A statement is prepared with its first run on a connection; what
 * has to come before it (an answer that nobody has read, BEGIN, the preparation) is in the same
 * batch, so that each statement costs one exchange with the server. Rows come one by one, or all at
 * once where they are known to be few: a result of libpq for each row costs more than the row.
 *
 * A statement can be sent before others have been read (rc_ahead). One that comes between throws
 * its answer away, and it is sent again.
 */
#include "statement.h"

#include <string.h>

#include <apr_strings.h>

#define STALE_PLAN "0A000" /* SQLSTATE: cached plan must not change result type */

/* Rejects a change outside of a write transaction: no lock would keep it apart from others, and it
 * could not be repeated on another connection. */
static rc_err_t *check_writing(const rc_stmt_t *st)
{
    const rc_pg_stmt_t *own = st->handle;
    static const char *const words[] = {"INSERT ", "UPDATE ", "DELETE "};
    int i;

    for (i = 0; i < 3; i++)
        if (!st->db->writing && !strncmp(own->text, words[i], strlen(words[i])))
            return rc_err_internal(st->db->pool, APR_SUCCESS, "outside of a write transaction: %s",
                                   own->text);
    return NULL;
}

static rc_err_t *not_sent(rc_db_t *db)
{
    const rc_pg_t *pg = db->handle;

    return rc_pg_away(pg->conn, db->path, db->pool);
}

/* Adds the preparation to the batch, if it is due; counts it in *@a ahead. */
static rc_err_t *send_preparation(int *ahead, rc_stmt_t *st)
{
    const rc_pg_t *pg = st->db->handle;
    rc_pg_stmt_t *own = st->handle;
    apr_size_t size = (apr_size_t)own->count * sizeof(*own->types);

    if (own->life == pg->life)
        return memcmp(own->types, own->prepared, size)
                   ? rc_err_internal(st->db->pool, APR_SUCCESS, "other types of parameters: %s",
                                     own->text)
                   : NULL;
    if (!PQsendPrepare(pg->conn, own->name, own->text, own->count, own->types))
        return not_sent(st->db);
    if (own->count)
        memcpy(own->prepared, own->types, size);
    ++*ahead;
    return NULL;
}

bool rc_pg_is_binary(const rc_stmt_t *st)
{
    return st->number == RC_STMT_MADE(st->db);
}

/* Sends the batch; *@a ahead: how many commands precede the statement. The transaction counts as
 * open at once: the server keeps one that has begun when the preparation fails. */
static rc_err_t *send_batch(int *ahead, rc_stmt_t *st)
{
    rc_pg_t *pg = st->db->handle;
    rc_pg_stmt_t *own = st->handle;

    *ahead = 0;
    if (pg->begin) {
        RC_TRY(rc_pg_send(st->db, pg->begin));
        pg->begin = NULL;
        pg->open = true;
        ++*ahead;
    }
    RC_TRY(send_preparation(ahead, st));
    if (!PQsendQueryPrepared(pg->conn, own->name, own->count, own->values, own->lengths,
                             own->formats, rc_pg_is_binary(st)))
        return not_sent(st->db);
    RC_TRY(rc_pg_sync(st->db));
    own->batch = pg->sent;
    return NULL;
}

/* Returns whether the answer to a statement is on its way: nothing was read behind it. */
static bool is_sent(const rc_stmt_t *st)
{
    const rc_pg_t *pg = st->db->handle;
    const rc_pg_stmt_t *own = st->handle;

    return own->batch > pg->sent - pg->owed;
}

/* Returns how many batches were sent after that of a statement. */
static int batches_after(const rc_stmt_t *st)
{
    const rc_pg_t *pg = st->db->handle;
    const rc_pg_stmt_t *own = st->handle;

    return (int)(pg->sent - own->batch);
}

/* Ends a statement that has failed: what is left of the batch says nothing more. After a change of
 * the schema the server refuses what was prepared before; it is prepared again, as another one. */
static rc_err_t *end_with_error(rc_stmt_t *st, PGresult *result)
{
    const char *code = PQresultErrorField(result, PG_DIAG_SQLSTATE);
    rc_pg_stmt_t *own = st->handle;
    rc_err_t *err;

    if (code && !strcmp(code, STALE_PLAN)) {
        own->life = 0;
        apr_snprintf(own->name, sizeof(own->name), "s%d_%d", st->number, ++own->renewed);
    }
    err = rc_pg_error(st->db, result, own->text);
    rc_pg_finish(NULL, st->db, batches_after(st), own->text);
    return err;
}

/* Reads the answers to the commands ahead of the statement. */
static rc_err_t *read_ahead(rc_stmt_t *st, int ahead)
{
    rc_pg_t *pg = st->db->handle;
    rc_pg_stmt_t *own = st->handle;
    PGresult *result;

    RC_TRY(rc_pg_finish(NULL, st->db, batches_after(st) + 1, NULL));
    while (ahead) {
        RC_TRY(rc_pg_next(&result, st->db));
        if (!result) {
            ahead--;
            if (rc_pg_is_lost(st->db))
                return not_sent(st->db);
        } else if (PQresultStatus(result) != PGRES_COMMAND_OK) {
            return end_with_error(st, result);
        } else {
            PQclear(result);
        }
    }
    own->life = pg->life;
    return st->few || PQsetSingleRowMode(pg->conn) ? NULL : not_sent(st->db);
}

/* Stands on the first of rows that have come all at once, if there is one. */
static rc_err_t *take_rows(bool *row, rc_stmt_t *st, PGresult *result)
{
    const rc_pg_stmt_t *own = st->handle;
    rc_pg_t *pg = st->db->handle;
    rc_err_t *err;

    pg->changes = apr_atoi64(PQcmdTuples(result));
    err = rc_pg_finish(NULL, st->db, batches_after(st), own->text);
    *row = !err && PQntuples(result);
    if (*row)
        pg->row = result;
    else
        PQclear(result);
    return err;
}

/* Reads the next row, or the end of the statement and of its batch. */
static rc_err_t *next_row(bool *row, rc_stmt_t *st)
{
    rc_pg_t *pg = st->db->handle;
    PGresult *result;

    RC_TRY(rc_pg_next(&result, st->db));
    if (!result)
        return not_sent(st->db);
    switch (PQresultStatus(result)) {
    case PGRES_SINGLE_TUPLE:
        pg->row = result;
        *row = true;
        return NULL;
    case PGRES_TUPLES_OK:
    case PGRES_COMMAND_OK:
        return take_rows(row, st, result);
    default:
        return end_with_error(st, result);
    }
}

static rc_err_t *first_row(bool *row, rc_stmt_t *st)
{
    int ahead = 0;

    if (!is_sent(st))
        RC_TRY(send_batch(&ahead, st));
    RC_TRY(read_ahead(st, ahead));
    return next_row(row, st);
}

/* Begins a statement. One that would be the first of its transaction is repeated on a new
 * connection when the old one has ended, because nothing was read or changed yet. */
static rc_err_t *begin_rows(bool *row, rc_stmt_t *st)
{
    rc_pg_t *pg = st->db->handle;
    const char *begin = pg->begin;
    bool is_first = begin || !pg->open;
    rc_err_t *err;

    RC_TRY(check_writing(st));
    err = first_row(row, st);
    if (!err || !is_first || !rc_pg_is_lost(st->db))
        return err;
    RC_TRY(rc_pg_reopen(st->db));
    pg->begin = begin;
    return first_row(row, st);
}

static void drop_rows(rc_pg_t *pg)
{
    PQclear(pg->row);
    pg->row = NULL;
    pg->at = 0;
}

rc_err_t *rc_pg_step(bool *row, rc_stmt_t *st)
{
    rc_pg_t *pg = st->db->handle;

    *row = false;
    if (!pg->row)
        return begin_rows(row, st);
    if (++pg->at < PQntuples(pg->row)) {
        *row = true;
        return NULL;
    }
    drop_rows(pg);
    return st->few ? NULL : next_row(row, st);
}

void rc_pg_reset(rc_stmt_t *st)
{
    rc_pg_t *pg = st->db->handle;

    drop_rows(pg);
    rc_pg_finish(NULL, st->db, batches_after(st), NULL);
}

/* Only what is prepared, and in a transaction: another statement may come before it after all, and
 * then the answers are read by nobody. */
rc_err_t *rc_pg_ahead(rc_stmt_t *st)
{
    const rc_pg_t *pg = st->db->handle;
    const rc_pg_stmt_t *own = st->handle;
    int none;

    return pg->open && !pg->begin && own->life == pg->life ? send_batch(&none, st) : NULL;
}
