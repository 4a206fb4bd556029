// SPDX-License-Identifier: Apache-2.0
/*
 * Opens databases of other programs for reading, and the nameless one into which a dump is copied.
 * Their contents and their schema are foreign input: no function, trigger or view of theirs runs.
 */
#include "sqlite.h"

#include <apr_escape.h>
#include <apr_strings.h>

#define LARGEST (16 * 1024 * 1024) /* bytes of a value */

/* A database in WAL mode can be read in a directory that cannot be written to if nobody uses it:
 * then the file does not change. */
static int open_as_it_is(rc_sqlite_t *own, const char *path, apr_pool_t *pool)
{
    const char *uri =
        apr_pstrcat(pool, "file:", apr_pescape_urlencoded(pool, path), "?immutable=1", NULL);
    struct stat st;

    if (!stat(apr_pstrcat(pool, path, "-wal", NULL), &st) && st.st_size)
        return SQLITE_CANTOPEN;
    sqlite3_close_v2(own->handle);
    own->handle = NULL;
    return sqlite3_open_v2(uri, &own->handle,
                           SQLITE_OPEN_READONLY | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_URI, NULL);
}

static int try_read(rc_sqlite_t *own)
{
    sqlite3_extended_result_codes(own->handle, 1);
    return sqlite3_exec(own->handle, "SELECT 1 FROM sqlite_schema LIMIT 1", NULL, NULL, NULL);
}

static void restrain(rc_sqlite_t *own)
{
    sqlite3_db_config(own->handle, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(own->handle, SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, NULL);
    sqlite3_db_config(own->handle, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(own->handle, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    sqlite3_limit(own->handle, SQLITE_LIMIT_LENGTH, LARGEST);
    sqlite3_limit(own->handle, SQLITE_LIMIT_ATTACHED, 0);
}

rc_err_t *rc_sqlite_open_foreign(rc_db_t *db)
{
    rc_sqlite_t *own = db->handle;
    bool nameless = !*db->config->path;
    int n;

    db->path = nameless ? "the dump" : db->config->path;
    n = sqlite3_open_v2(db->config->path, &own->handle,
                        SQLITE_OPEN_NOMUTEX | (nameless ? SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE
                                                        : SQLITE_OPEN_READONLY),
                        NULL);
    if (n == SQLITE_OK) {
        sqlite3_busy_timeout(own->handle, (int)apr_time_as_msec(db->config->timeout));
        n = try_read(own);
    }
    if (n != SQLITE_OK && (n & 0xff) == SQLITE_CANTOPEN && !nameless)
        if ((n = open_as_it_is(own, db->path, db->pool)) == SQLITE_OK)
            n = try_read(own);
    if (n != SQLITE_OK)
        return rc_err(db->pool, RC_E_ARG, "cannot read %s: %s", db->path,
                      own->handle ? sqlite3_errmsg(own->handle) : sqlite3_errstr(n));
    restrain(own);
    return NULL;
}

rc_err_t *rc_sqlite_foreign_columns(apr_array_header_t **list, rc_db_t *db, const char *table,
                                    apr_pool_t *pool)
{
    const char *text =
        "SELECT c.name FROM pragma_table_list(?1) t CROSS JOIN pragma_table_info(?1) c "
        "WHERE t.schema = 'main' AND t.type = 'table' ORDER BY c.cid";
    const rc_sqlite_t *own = db->handle;
    sqlite3_stmt *st;
    int n = sqlite3_prepare_v2(own->handle, text, -1, &st, NULL);

    *list = apr_array_make(pool, 16, sizeof(const char *));
    if (n != SQLITE_OK)
        return rc_sqlite_error(db, n, text);
    sqlite3_bind_text(st, 1, table, -1, SQLITE_STATIC);
    while ((n = sqlite3_step(st)) == SQLITE_ROW)
        APR_ARRAY_PUSH(*list, const char *) =
            apr_pstrdup(pool, (const char *)sqlite3_column_text(st, 0));
    sqlite3_finalize(st);
    return n == SQLITE_DONE ? NULL : rc_sqlite_error(db, n, text);
}
