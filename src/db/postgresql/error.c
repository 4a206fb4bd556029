// SPDX-License-Identifier: Apache-2.0
/*
 * Turns errors of PostgreSQL into ours, by their SQLSTATE.
 */
#include "postgresql.h"

#include <string.h>

#include <apr_strings.h>

/* Codes, or their beginnings, that mean "try again later". All begin with the reason: another
 * transaction, a limit of time, or a server that ends, begins or has no place. */
static const char *const busy_codes[] = {"40001", "40P01", "55P03", "57014",
                                         "08",    "57P",   "53300", NULL};

static bool is_busy(const char *code)
{
    int i;

    for (i = 0; busy_codes[i]; i++)
        if (!strncmp(busy_codes[i], code, strlen(busy_codes[i])))
            return true;
    return false;
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
    const char *code = field(result, PG_DIAG_SQLSTATE, db->pool);
    rc_err_t *err = rc_err_internal(db->pool, APR_SUCCESS, "database: %s: %s (%s)", what,
                                    one_line(PQresultErrorMessage(result), db->pool), code);

    if (!strncmp(code, "23", 2)) {
        err->kind = RC_E_CONFLICT;
        err->constraint = field(result, PG_DIAG_CONSTRAINT_NAME, db->pool);
    } else if (is_busy(code) || rc_pg_is_lost(db)) {
        err->kind = RC_E_BUSY;
    }
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
