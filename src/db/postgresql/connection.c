// SPDX-License-Identifier: Apache-2.0
/*
 * Opens, configures, replaces and closes connections to a PostgreSQL server.
 */
#include "postgresql.h"

#include <poll.h>
#include <string.h>

#include <apr_strings.h>

#include "base/log.h"

/* Limits of time: for one statement, for a transaction in which nothing happens, and for an answer
 * of the server, which is longer than what the server itself allows a statement. */
#define STATEMENT_TIME apr_time_from_sec(60)
#define IDLE_TIME      apr_time_from_sec(600)
#define ANSWER_TIME    apr_time_from_sec(70)

/* What the connection string may set otherwise. A network that is cut is noticed within seconds,
 * and of several hosts the one that can be written is used. */
static const char *const defaults[][2] = {
    {"connect_timeout", "5"},  {"tcp_user_timeout", "10000"},
    {"keepalives_idle", "10"}, {"keepalives_interval", "5"},
    {"keepalives_count", "3"}, {"target_session_attrs", "read-write"},
    {"gssencmode", "disable"}, {"fallback_application_name", "mod_rcapi"},
};
#define DEFAULTS (sizeof(defaults) / sizeof(*defaults))

/* A warning of the server is for its administrator. Details and context can hold values, and are
 * left out. */
static void log_notice(void *unused, const PGresult *notice)
{
    const char *severity = PQresultErrorField(notice, PG_DIAG_SEVERITY_NONLOCALIZED);
    const char *code = PQresultErrorField(notice, PG_DIAG_SQLSTATE);
    const char *text = PQresultErrorField(notice, PG_DIAG_MESSAGE_PRIMARY);

    (void)unused;
    rc_log(RC_LOG_WARNING, APR_SUCCESS, "database: %s: %s (%s)", severity ? severity : "NOTICE",
           text ? text : "", code ? code : "of libpq");
}

static rc_err_t *connect_to(PGconn **conn, rc_db_t *db)
{
    const char *names[DEFAULTS + 3], *values[DEFAULTS + 3], *conninfo;
    apr_size_t i;

    RC_TRY(rc_pg_name(&conninfo, db->config->path, db->pool));
    for (i = 0; i < DEFAULTS; i++) {
        names[i] = defaults[i][0];
        values[i] = defaults[i][1];
    }
    names[i] = "dbname"; /* the connection string, which has the last word but for the encoding */
    values[i++] = conninfo;
    names[i] = "client_encoding";
    values[i++] = "UTF8";
    names[i] = values[i] = NULL;
    *conn = PQconnectdbParams(names, values, 1);
    return PQstatus(*conn) == CONNECTION_OK ? NULL : rc_pg_away(*conn, db->path, db->pool);
}

static rc_err_t *unfit(const rc_db_t *db, const char *what, const char *value)
{
    return rc_err_internal(db->pool, APR_SUCCESS,
                           "the database %s has the %s %s: create it with LOCALE_PROVIDER libc "
                           "LOCALE 'C' ENCODING 'UTF8' TEMPLATE template0",
                           db->path, what, value);
}

/* Rejects a database in which texts would be compared or folded otherwise than by their bytes:
 * names of users, unique indexes and the order of lists depend on it. */
static rc_err_t *check_locale(const rc_db_t *db, const PGresult *row)
{
    int i;

    for (i = 0; i < 2; i++)
        if (strcmp(PQgetvalue(row, 0, i), "C") && strcmp(PQgetvalue(row, 0, i), "POSIX"))
            return unfit(db, "locale", PQgetvalue(row, 0, i));
    if (strcmp(PQgetvalue(row, 0, 2), "UTF8"))
        return unfit(db, "encoding", PQgetvalue(row, 0, 2));
    return strcmp(PQgetvalue(row, 0, 3), "libc")
               ? unfit(db, "locale provider", PQgetvalue(row, 0, 3))
               : NULL;
}

/* plan_cache_mode: planning the permission rule costs several times its run. enable_memoize: lists
 * look up each id once, so to remember the rows costs a quarter of the look-up. No parallel plans:
 * a page of a long table would start two processes for each call. The keepalives are those of the
 * server: what a machine without power had locked is free within seconds. */
static const char *settings(const rc_db_t *db)
{
    return apr_psprintf(
        db->pool,
        "SET jit = off; SET bytea_output = hex; SET plan_cache_mode = force_generic_plan; SET "
        "enable_memoize = off; SET max_parallel_workers_per_gather = 0;"
        "SET search_path = " RC_PG_SCHEMA
        "; SET default_transaction_isolation = 'read committed'; SET synchronous_commit = %s;"
        "SET client_min_messages = warning; SET lock_timeout = %ld; SET statement_timeout = %ld;"
        "SET idle_in_transaction_session_timeout = %ld; SET idle_session_timeout = 0;"
        "SET tcp_keepalives_idle = 10; SET tcp_keepalives_interval = 5;"
        "SET tcp_keepalives_count = 3; SET tcp_user_timeout = 25000;%s"
        "SELECT datcollate, datctype, pg_encoding_to_char(encoding), CASE "
        "datlocprovider WHEN 'c' THEN 'libc' WHEN 'i' THEN 'icu' ELSE 'builtin' END "
        "FROM pg_database WHERE datname = current_database()",
        strcmp(db->config->synchronous, "FULL") ? "off" : "on",
        (long)apr_time_as_msec(db->config->timeout), (long)apr_time_as_msec(STATEMENT_TIME),
        (long)apr_time_as_msec(IDLE_TIME),
        db->config->create ? "CREATE SCHEMA IF NOT EXISTS " RC_PG_SCHEMA ";" : "");
}

/* Says that the database is in use, or refuses one that is. */
static rc_err_t *take_part(rc_db_t *db)
{
    bool alone = db->config->alone;
    rc_err_t *err = rc_pg_script_within(NULL, db,
                                        alone ? "SELECT pg_advisory_lock(" RC_PG_USERS ")"
                                              : "SELECT pg_advisory_lock_shared(" RC_PG_USERS ")",
                                        db->config->timeout + RC_PG_MARGIN);

    return err && err->kind == RC_E_BUSY && !rc_pg_is_lost(db) && alone ? rc_db_in_use(db) : err;
}

static const char *foreign_settings(const rc_db_t *db)
{
    return apr_psprintf(db->pool,
                        "SET default_transaction_read_only = on; SET lock_timeout = %ld;"
                        "SET statement_timeout = 0; SET datestyle = 'ISO';"
                        "SET client_min_messages = warning; SELECT 1",
                        (long)apr_time_as_msec(db->config->timeout));
}

static rc_err_t *set_up(rc_db_t *db)
{
    rc_pg_t *pg = db->handle;
    PGresult *row;
    rc_err_t *err;

    PQsetNoticeReceiver(pg->conn, log_notice, NULL);
    if (PQserverVersion(pg->conn) < RC_PG_LEAST)
        return rc_err_internal(db->pool, APR_SUCCESS,
                               "the server of %s is older than PostgreSQL %d", db->path,
                               RC_PG_LEAST / 10000);
    PQsetnonblocking(pg->conn, 1);
    PQenterPipelineMode(pg->conn);
    err = rc_pg_script_within(&row, db, db->config->foreign ? foreign_settings(db) : settings(db),
                              db->config->timeout + RC_PG_MARGIN);
    if (err && err->kind == RC_E_INTERNAL)
        err = rc_err_internal(db->pool, APR_SUCCESS, "%s is reached, but not usable: %s", db->path,
                              rc_err_log_text(err, db->pool));
    if (!err && !db->config->foreign)
        err = check_locale(db, row);
    PQclear(row);
    return err || db->config->foreign ? err : take_part(db);
}

/* Ends a connection, if there is one, and forgets what belonged to it. */
static void hang_up(rc_pg_t *pg)
{
    PQclear(pg->row);
    PQfinish(pg->conn);
    pg->row = NULL;
    pg->at = 0;
    pg->conn = NULL;
    pg->begin = NULL;
    pg->open = false;
    pg->owed = 0;
    pg->read_only = false;
}

rc_err_t *rc_pg_reopen(rc_db_t *db)
{
    rc_pg_t *pg = db->handle;
    rc_err_t *err;

    hang_up(pg);
    pg->life++;
    pg->wait = ANSWER_TIME;
    if ((err = connect_to(&pg->conn, db)) || (err = set_up(db)))
        hang_up(pg);
    return err;
}

rc_err_t *rc_pg_open(rc_db_t *db)
{
    db->handle = apr_pcalloc(db->own, sizeof(rc_pg_t));
    db->path = db->config->path;
    return rc_pg_reopen(db);
}

void rc_pg_close(rc_db_t *db)
{
    hang_up(db->handle);
}

static bool is_readable(const PGconn *conn)
{
    struct pollfd fd = {.fd = PQsocket(conn), .events = POLLIN};

    return poll(&fd, 1, 0) > 0;
}

/* A server that has become read-only may have handed over to another host. While there is none, its
 * connection still serves who reads. */
static void look_for_writable(rc_db_t *db)
{
    rc_pg_t *pg = db->handle, former = *pg;

    pg->conn = NULL;
    if (!rc_pg_reopen(db)) {
        PQfinish(former.conn);
        return;
    }
    *pg = former;
    pg->read_only = false;
}

/* A connection that ended while it was idle is replaced: its last message comes before its end. */
rc_err_t *rc_pg_usable(rc_db_t *db, apr_pool_t *pool)
{
    rc_pg_t *pg = db->handle;

    while (!rc_pg_is_lost(db) && is_readable(pg->conn))
        PQconsumeInput(pg->conn);
    db->pool = pool;
    if (rc_pg_is_lost(db))
        return rc_pg_reopen(db);
    if (pg->read_only)
        look_for_writable(db);
    return NULL;
}
