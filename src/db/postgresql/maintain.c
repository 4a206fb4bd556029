// SPDX-License-Identifier: Apache-2.0
/*
 * Works on a PostgreSQL database as a whole: schema version, check, backup, and setting it aside.
 * All tables are in one schema, so that they can be renamed and removed together.
 */
#include "postgresql.h"

#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/process.h"

#define BACKUP_TIME apr_time_from_sec(24 * 3600)

/* Runs @a query, and sets *@a text to the first column of its last row, or NULL. */
static rc_err_t *ask_server(const char **text, rc_db_t *db, const char *query, apr_pool_t *pool)
{
    PGresult *rows;
    rc_err_t *err = rc_pg_script(&rows, db, query);
    int last = PQntuples(rows) - 1;

    *text = last < 0 || PQgetisnull(rows, last, 0) ? NULL
                                                   : apr_pstrdup(pool, PQgetvalue(rows, last, 0));
    PQclear(rows);
    return err;
}

#define VERSIONS RC_PG_SCHEMA ".schema_version"

rc_err_t *rc_pg_version(int *version, rc_db_t *db)
{
    const char *text;

    *version = 0;
    RC_TRY(ask_server(&text, db, "SELECT to_regclass('" VERSIONS "')", db->pool));
    if (!text)
        return NULL;
    RC_TRY(ask_server(&text, db, "SELECT n FROM " VERSIONS, db->pool));
    *version = text ? (int)apr_atoi64(text) : 0;
    return NULL;
}

/* After the last step all tables are there. */
rc_err_t *rc_pg_set_version(rc_db_t *db, int version)
{
    if (version == db->texts->step_count)
        RC_TRY(rc_pg_watch_changes(db));
    return rc_pg_script(NULL, db,
                        apr_psprintf(db->pool,
                                     "CREATE TABLE IF NOT EXISTS " VERSIONS " (n BIGINT NOT NULL);"
                                     "DELETE FROM " VERSIONS "; INSERT INTO " VERSIONS
                                     " VALUES (%d)",
                                     version));
}

/* The server checks constraints at each change; what is left is an index or a constraint that it
 * does not use, and pages that it has found damaged. */
rc_err_t *rc_pg_check(const char **problem, rc_db_t *db, apr_pool_t *pool)
{
    return ask_server(
        problem, db,
        "SELECT 'index ' || c.relname || ' is not valid: run REINDEX' FROM pg_index i"
        "  JOIN pg_class c ON c.oid = i.indexrelid"
        " WHERE NOT i.indisvalid AND c.relnamespace = '" RC_PG_SCHEMA "'::regnamespace "
        "UNION ALL SELECT 'constraint ' || conname || ' is not validated' FROM pg_constraint"
        " WHERE NOT convalidated AND connamespace = '" RC_PG_SCHEMA "'::regnamespace "
        "UNION ALL SELECT checksum_failures || ' damaged pages were read' FROM"
        " pg_stat_database WHERE datname = current_database() AND checksum_failures > 0",
        pool);
}

/* What pg_dump needs of our environment to find what libpq finds with the connection string: all
 * variables of libpq. */
static const char *const *dump_environment(apr_pool_t *pool)
{
    apr_array_header_t *env = apr_array_make(pool, 8, sizeof(const char *));
    int i;

    APR_ARRAY_PUSH(env, const char *) = "PATH=" RC_PROC_PATH;
    APR_ARRAY_PUSH(env, const char *) = "LC_ALL=C";
    for (i = 0; environ[i]; i++)
        if (!strncmp(environ[i], "HOME=", 5) || !strncmp(environ[i], "PG", 2))
            APR_ARRAY_PUSH(env, const char *) = environ[i];
    APR_ARRAY_PUSH(env, const char *) = NULL;
    return (const char *const *)env->elts;
}

static rc_err_t *dump(rc_db_t *db, int fd)
{
    const char *conninfo, *program;
    rc_proc_result_t end;

    RC_TRY(rc_pg_name(&conninfo, db->config->path, db->pool));
    if (rc_proc_find(&program, "pg_dump", db->pool))
        return rc_err(db->pool, RC_E_ARG,
                      "a backup needs pg_dump: install the client programs of PostgreSQL");
    RC_TRY(rc_proc_run(
        &end,
        &(rc_proc_t){.argv =
                         (const char *const[]){program, "--format=custom", "--no-password",
                                               "--no-unlogged-table-data", "--schema=" RC_PG_SCHEMA,
                                               "--dbname", conninfo, NULL},
                     .env = dump_environment(db->pool),
                     .dir = "/",
                     .in = -1,
                     .out = fd,
                     .deadline = rc_clock() + BACKUP_TIME},
        db->pool));
    return end.status ? rc_err_internal(db->pool, APR_SUCCESS, "pg_dump: %s",
                                        rc_proc_end_text(&end, db->pool))
                      : NULL;
}

rc_err_t *rc_pg_backup(rc_db_t *db, const char *path)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    rc_err_t *err;

    if (fd < 0)
        return rc_fs_err(db->pool, "create", path);
    err = dump(db, fd);
    if (!err && fsync(fd))
        err = rc_fs_err(db->pool, "sync", path);
    close(fd);
    if (err)
        unlink(path);
    return err;
}

/* Runs @a script on a connection of its own, and sets *@a text as `ask_server`. */
static rc_err_t *visit(const char **text, const rc_db_config_t *config, const char *script,
                       apr_pool_t *pool)
{
    rc_db_config_t visiting = *config;
    rc_db_t db = {.pool = pool, .own = pool, .config = &visiting};
    rc_err_t *err;

    visiting.create = false;
    if (!(err = rc_pg_open(&db)))
        err = ask_server(text, &db, script, pool);
    rc_pg_close(&db);
    return err;
}

/* A database that cannot be reached is reported by whoever opens it. */
bool rc_pg_exists(const rc_db_config_t *config, apr_pool_t *pool)
{
    const char *there = NULL;

    return !visit(&there, config, "SELECT to_regclass('" VERSIONS "')", pool) && there;
}

/* A script that renames one of our schemas, if it is there, in place of the other. */
#define RENAME(from, to)                                                                           \
    "DO $$ BEGIN IF to_regnamespace('" from "') IS NOT NULL THEN DROP SCHEMA IF EXISTS " to        \
    " CASCADE; ALTER SCHEMA " from " RENAME TO " to "; END IF; END $$"

rc_err_t *rc_pg_set_aside(const rc_db_config_t *config, apr_pool_t *pool)
{
    const char *unused;

    return visit(&unused, config, RENAME(RC_PG_SCHEMA, RC_PG_ASIDE), pool);
}

rc_err_t *rc_pg_bring_back(const rc_db_config_t *config, apr_pool_t *pool)
{
    const char *unused;
    rc_err_t *err = visit(&unused, config, RENAME(RC_PG_ASIDE, RC_PG_SCHEMA), pool);

    return err ? rc_err_internal(pool, APR_SUCCESS,
                                 "the former database is now the schema " RC_PG_ASIDE)
               : NULL;
}

rc_err_t *rc_pg_forget_aside(const rc_db_config_t *config, apr_pool_t *pool)
{
    const char *unused;

    return visit(&unused, config, "DROP SCHEMA IF EXISTS " RC_PG_ASIDE " CASCADE", pool);
}
