// SPDX-License-Identifier: Apache-2.0
/*
 * Schema steps (src/store/schema/NNN.sql), numbered from 1; the database's user_version counts
 * the steps it has. All missing ones are applied in one transaction by whoever comes first.
 */
#include "db/stmt.h"

#include <apr_strings.h>

static const struct {
    int number;
    const char *sql;
} steps[] = {
#define S(number, text) {number, text},
#include "rc_schema.def"
#undef S
};

#define LATEST ((int)(sizeof(steps) / sizeof(*steps)))

static rc_err_t *version(int *out, rc_db_t *db)
{
    rc_stmt_t *st;
    int n = sqlite3_prepare_v2(db->handle, "PRAGMA user_version", -1, &st, NULL);

    if (n != SQLITE_OK)
        return rc_db_error(db, n, "user_version");
    n = sqlite3_step(st);
    *out = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    return n == SQLITE_ROW ? NULL : rc_db_error(db, n, "user_version");
}

static rc_err_t *apply_missing(void *baton, rc_db_t *db)
{
    int have, i;

    (void)baton;
    RC_TRY(version(&have, db));
    for (i = have; i < LATEST; i++) {
        RC_TRY(rc_db_exec(db, steps[i].sql));
        RC_TRY(rc_db_exec(db, apr_psprintf(db->pool, "PRAGMA user_version = %d", steps[i].number)));
    }
    return NULL;
}

rc_err_t *rc_schema_update(rc_db_t *db)
{
    int have;

    RC_TRY(version(&have, db));
    if (have > LATEST)
        return rc_err_internal(db->pool, APR_SUCCESS,
                               "the database has schema %d, newer than this program's %d", have,
                               LATEST);
    if (!have && !db->config->create)
        return rc_err_internal(db->pool, APR_SUCCESS,
                               "the database %s is empty: restore it from a backup", db->path);
    return have < LATEST ? rc_db_txn(db, apply_missing, NULL) : NULL;
}
