// SPDX-License-Identifier: Apache-2.0
/*
 * Turns errors of PostgreSQL into ours, by their SQLSTATE.
 */
#include "postgresql.h"

#include <string.h>

#include <apr_strings.h>

#define READ_ONLY "25006" /* SQLSTATE: read_only_sql_transaction */

/* Codes, or their beginnings, that mean "try again later", and what they say of the server. */
static const struct {
    const char *code, *why;
} busy[] = {
    {"08", "the connection has ended"},
    {READ_ONLY, "it is read-only"},
    {"40001", "another transaction was faster"},
    {"40P01", "other transactions wait for each other"},
    {"53200", "it has no memory left"},
    {"53300", "it has no connection left"},
    {"55P03", "another session holds a lock"},
    {"57014", "this took too long, or was cancelled"},
    {"57P", "it starts or stops"},
};

static const char *why_busy(const char *code)
{
    apr_size_t i;

    for (i = 0; i < sizeof(busy) / sizeof(*busy); i++)
        if (!strncmp(busy[i].code, code, strlen(busy[i].code)))
            return busy[i].why;
    return NULL;
}

/* libpq's messages end with a new line, and can have several lines. */
static const char *one_line(const char *message, apr_pool_t *pool)
{
    char *line = apr_pstrdup(pool, message), *end;

    for (end = line + strlen(line); end > line && end[-1] == '\n'; end--)
        end[-1] = '\0';
    for (end = line; (end = strchr(end, '\n'));)
        *end = ' ';
    return line;
}

static const char *field(const PGresult *result, int code, apr_pool_t *pool)
{
    const char *text = PQresultErrorField(result, code);

    return text ? apr_pstrdup(pool, text) : "";
}

rc_err_t *rc_pg_error(rc_db_t *db, PGresult *result, const char *what)
{
    const char *code = field(result, PG_DIAG_SQLSTATE, db->pool), *why = why_busy(code);
    rc_pg_t *pg = db->handle;
    rc_err_t *err = rc_err_internal(db->pool, APR_SUCCESS, "database: %s%s%s: %s (%s)",
                                    why ? why : "", why ? ": " : "", what,
                                    one_line(PQresultErrorMessage(result), db->pool), code);

    if (!strncmp(code, "23", 2)) {
        err->kind = RC_E_CONFLICT;
        err->constraint = field(result, PG_DIAG_CONSTRAINT_NAME, db->pool);
    } else if (why || rc_pg_is_lost(db)) {
        err->kind = RC_E_BUSY;
    }
    if (!strcmp(code, READ_ONLY))
        pg->read_only = true;
    PQclear(result);
    return err;
}

rc_err_t *rc_pg_away(const PGconn *conn, const char *name, apr_pool_t *pool)
{
    return rc_err_busy(pool, "the database %s is away: %s", name,
                       one_line(conn ? PQerrorMessage(conn) : "no memory", pool));
}

bool rc_pg_is_lost(const rc_db_t *db)
{
    const rc_pg_t *pg = db->handle;

    return PQstatus(pg->conn) != CONNECTION_OK;
}
