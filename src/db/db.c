// SPDX-License-Identifier: Apache-2.0
/*
 * Opens and closes connections, and passes work on a whole database (check, backup, removal) to its
 * driver.
 */
#include "driver.h"

#include "db/db.h"

/* The driver for a configuration. SQLite is the only one. */
static const rc_driver_t *driver_of(const rc_db_config_t *config)
{
    (void)config;
    return &rc_driver_sqlite;
}

void rc_db_startup(void)
{
    rc_driver_sqlite.startup();
}

rc_err_t *rc_db_find(const char **path, const rc_db_config_t *config, apr_pool_t *pool)
{
    return driver_of(config)->find(path, config, pool);
}

bool rc_db_exists(const rc_db_config_t *config, apr_pool_t *pool)
{
    return driver_of(config)->exists(config, pool);
}

rc_err_t *rc_db_remove(const rc_db_config_t *config, apr_pool_t *pool)
{
    return driver_of(config)->remove(config, pool);
}

rc_err_t *rc_db_move(const rc_db_config_t *from, const rc_db_config_t *to, apr_pool_t *pool)
{
    return driver_of(from)->move(from, to, pool);
}

const char *rc_db_spill_path(const rc_db_config_t *config, apr_pool_t *pool)
{
    return driver_of(config)->spill_path(config, pool);
}

rc_err_t *rc_db_spilled(rc_spilled_t *out, const rc_db_t *db, apr_pool_t *pool)
{
    return rc_spilled_open(out, rc_db_spill_path(db->config, pool), db->driver->owner(db), pool);
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

    db->driver = driver_of(config);
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
