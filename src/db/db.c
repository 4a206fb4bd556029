// SPDX-License-Identifier: Apache-2.0
/*
 * Opens and closes connections, and passes work on a whole database (check, backup, removal) to its
 * driver, which its name decides.
 */
#include "driver.h"

#include <string.h>

#include <apr_lib.h>

#include "db/db.h"

#define SERVER "postgres" /* begins the name of a database on a server */

#ifdef RCAPI_POSTGRESQL
static const rc_driver_t *const server_driver = &rc_driver_postgresql;
#else
static const rc_driver_t *const server_driver;
#endif

/* "postgres:" or "postgresql+psycopg2:" counts, too, and is refused by the driver: as a file it
 * would be missed, or created. */
bool rc_db_is_on_server(const char *name)
{
    const char *end = name;

    while (apr_isalnum(*end) || *end == '+')
        end++;
    return *end == ':' && !strncasecmp(name, SERVER, strlen(SERVER));
}

rc_err_t *rc_db_driver(const rc_driver_t **driver, const char *name, apr_pool_t *pool)
{
    *driver = rc_db_is_on_server(name) ? server_driver : &rc_driver_sqlite;
    return *driver
               ? NULL
               : rc_err(pool, RC_E_ARG, "this build has no PostgreSQL: it was made without libpq");
}

bool rc_db_file_is_database(const char *path, apr_pool_t *pool)
{
    return rc_driver_sqlite.exists(&(rc_db_config_t){.path = path, .foreign = true}, pool);
}

void rc_db_startup(void)
{
    rc_driver_sqlite.startup();
    if (server_driver)
        server_driver->startup();
}

rc_err_t *rc_db_check_name(const char *name, apr_pool_t *pool)
{
    rc_db_config_t config = {.path = name};
    const rc_driver_t *driver;
    const char *path;

    RC_TRY(rc_db_driver(&driver, name, pool));
    return driver->server ? driver->find(&path, &config, pool) : NULL;
}

rc_err_t *rc_db_find(const char **path, const rc_db_config_t *config, apr_pool_t *pool)
{
    const rc_driver_t *driver;

    RC_TRY(rc_db_driver(&driver, config->path, pool));
    return driver->find(path, config, pool);
}

bool rc_db_exists(const rc_db_config_t *config, apr_pool_t *pool)
{
    const rc_driver_t *driver;

    return !rc_db_driver(&driver, config->path, pool) && driver->exists(config, pool);
}

rc_err_t *rc_db_set_aside(const rc_db_config_t *config, apr_pool_t *pool)
{
    const rc_driver_t *driver;

    RC_TRY(rc_db_driver(&driver, config->path, pool));
    return driver->set_aside(config, pool);
}

rc_err_t *rc_db_bring_back(const rc_db_config_t *config, apr_pool_t *pool)
{
    const rc_driver_t *driver;

    RC_TRY(rc_db_driver(&driver, config->path, pool));
    return driver->bring_back(config, pool);
}

rc_err_t *rc_db_forget_aside(const rc_db_config_t *config, apr_pool_t *pool)
{
    const rc_driver_t *driver;

    RC_TRY(rc_db_driver(&driver, config->path, pool));
    return driver->forget_aside(config, pool);
}

const char *rc_db_spill_path(const rc_db_config_t *config, apr_pool_t *pool)
{
    const rc_driver_t *driver;

    if (rc_db_driver(&driver, config->path, pool) || !driver->spill_path)
        return NULL;
    return driver->spill_path(config, pool);
}

rc_err_t *rc_db_spilled(rc_spilled_t *out, const rc_db_t *db, apr_pool_t *pool)
{
    const char *path = rc_db_spill_path(db->config, pool);

    out->fd = -1;
    return path ? rc_spilled_open(out, path, db->driver->owner(db), pool) : NULL;
}

static apr_status_t close_db(void *data)
{
    rc_db_t *db = data;
    int i;

    for (i = 0; i < db->texts->statement_count; i++)
        if (db->statements[i].handle)
            db->driver->finalize(&db->statements[i]);
    db->driver->close(db);
    return APR_SUCCESS;
}

static rc_stmt_t *make_statements(rc_db_t *db, int count)
{
    rc_stmt_t *statements = apr_pcalloc(db->own, (apr_size_t)count * sizeof(*statements));
    int i;

    for (i = 0; i < count; i++) {
        statements[i].db = db;
        statements[i].number = i;
    }
    return statements;
}

rc_err_t *rc_db_open(rc_db_t **out, const rc_db_config_t *config, apr_pool_t *pool)
{
    rc_db_t *db = apr_pcalloc(pool, sizeof(*db));

    RC_TRY(rc_db_driver(&db->driver, config->path, pool));
    db->pool = db->own = pool;
    db->config = config;
    db->texts = config->texts;
    db->statements = make_statements(db, config->texts->statement_count);
    apr_pool_cleanup_register(pool, db, close_db, apr_pool_cleanup_null);
    RC_TRY(db->driver->open(db));
    RC_TRY(rc_schema_update(db));
    *out = db;
    return NULL;
}

rc_err_t *rc_db_in_use(const rc_db_t *db)
{
    return rc_err(db->pool, RC_E_BUSY,
                  "%s is in use: stop the servers and programs that have it open", db->path);
}

apr_pool_t *rc_db_user_pool(const rc_db_t *db)
{
    return db->pool;
}

rc_err_t *rc_db_exec(rc_db_t *db, const char *sql)
{
    return db->driver->exec(db, sql);
}

rc_err_t *rc_db_check(const char **problem, rc_db_t *db, apr_pool_t *pool)
{
    *problem = NULL;
    return db->driver->check(problem, db, pool);
}

rc_err_t *rc_db_backup(rc_db_t *db, const char *path)
{
    return db->driver->backup(db, path);
}
