// SPDX-License-Identifier: Apache-2.0
/*
 * The table of the PostgreSQL driver, and what is too short for a file of its own.
 */
#include <apr_strings.h>

#include "base/versions.h"
#include "statement.h"

static void add_version(void)
{
    static char version[16];
    int n = PQlibVersion();

    apr_snprintf(version, sizeof(version), "%d.%d", n / 10000, n % 10000);
    rc_version_add("libpq", version);
}

static rc_err_t *find_name(const char **path, const rc_db_config_t *config, apr_pool_t *pool)
{
    const char *conninfo;

    *path = config->path;
    return rc_pg_name(&conninfo, config->path, pool);
}

/* A step of the schema may take longer than a statement. */
static rc_err_t *run_script(rc_db_t *db, const char *sql)
{
    const char *limit = db->writing ? "SET LOCAL statement_timeout = 0; " : "";

    return rc_pg_script(NULL, db, apr_pstrcat(db->pool, limit, sql, NULL));
}

/* The connection owns what was prepared. */
static void forget_statement(rc_stmt_t *st)
{
    st->handle = NULL;
}

static apr_int64_t changed_rows(rc_db_t *db)
{
    const rc_pg_t *pg = db->handle;

    return pg->changes;
}

const rc_driver_t rc_driver_postgresql = {
    .startup = add_version,
    .find = find_name,
    .server = true,
    .exists = rc_pg_exists,
    .set_aside = rc_pg_set_aside,
    .bring_back = rc_pg_bring_back,
    .forget_aside = rc_pg_forget_aside,
    .open = rc_pg_open,
    .close = rc_pg_close,
    .usable = rc_pg_usable,
    .exec = run_script,
    .check = rc_pg_check,
    .backup = rc_pg_backup,
    .version = rc_pg_version,
    .set_version = rc_pg_set_version,
    .columns = rc_pg_columns,
    .begin_copy = rc_pg_begin_copy,
    .end_copy = rc_pg_end_copy,
    .foreign_columns = rc_pg_foreign_columns,
    .last_id = rc_pg_last_id,
    .set_last_id = rc_pg_set_last_id,
    .begin_read = rc_pg_begin_read,
    .begin_write = rc_pg_begin_write,
    .commit = rc_pg_commit,
    .rollback = rc_pg_rollback,
    .lock = rc_pg_lock,
    .unlock = rc_pg_unlock,
    .alive = rc_pg_alive,
    .descriptor = rc_pg_descriptor,
    .tally_wait = rc_pg_tally_wait,
    .tally_add = rc_pg_tally_add,
    .follow = rc_pg_follow,
    .news = rc_pg_news,
    .is_at = rc_pg_is_at,
    .prepare = rc_pg_make,
    .finalize = forget_statement,
    .bind_text = rc_pg_bind_text,
    .bind_int = rc_pg_bind_int,
    .bind_blob = rc_pg_bind_blob,
    .bind_no_int = rc_pg_bind_no_int,
    .bind_ids = rc_pg_bind_ids,
    .step = rc_pg_step,
    .ahead = rc_pg_ahead,
    .reset = rc_pg_reset,
    .changes = changed_rows,
    .column_text = rc_pg_column_text,
    .column_int = rc_pg_column_int,
    .column_blob = rc_pg_column_blob,
};
