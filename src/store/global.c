// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of global permissions.
 */
#include "rc_global.h"

#include "stmt.h"

/* Statements of each kind of holder, in the order of rc_holder_t. */
static const struct {
    rc_sql_t list, add, delete, inherits, set_inherits;
} statements[] = {
    {SQL_USER_GLOBALS, SQL_USER_GLOBAL_ADD, SQL_USER_GLOBAL_DELETE, SQL_USER_INHERITS,
     SQL_USER_SET_INHERITS},
    {SQL_USER_GROUP_GLOBALS, SQL_USER_GROUP_GLOBAL_ADD, SQL_USER_GROUP_GLOBAL_DELETE,
     SQL_USER_GROUP_INHERITS, SQL_USER_GROUP_SET_INHERITS},
};

static rc_err_t *read_inherits(bool *inherits, rc_db_t *db, rc_holder_t holder, apr_int64_t id)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_stmt(&st, db, statements[holder].inherits));
    RC_TRY(rc_bind(st, db, "i", id));
    RC_TRY(rc_step(&found, st, db));
    *inherits = found && rc_column_bool(st, 0);
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_globals(apr_array_header_t **names, bool *inherits, rc_db_t *db,
                           rc_holder_t holder, apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(read_inherits(inherits, db, holder, id));
    *names = apr_array_make(pool, 16, sizeof(const char *));
    RC_TRY(rc_stmt(&st, db, statements[holder].list));
    RC_TRY(rc_bind(st, db, "i", id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*names, const char *) = rc_column_text(st, 0, pool);
    }
}

static rc_err_t *run(rc_db_t *db, rc_sql_t sql, apr_int64_t id, const char *name)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, sql));
    RC_TRY(rc_bind(st, db, "is", id, name));
    return rc_run(st, db);
}

rc_err_t *rc_store_global_add(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name)
{
    return run(db, statements[holder].add, id, name);
}

rc_err_t *rc_store_global_delete(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name)
{
    return run(db, statements[holder].delete, id, name);
}

rc_err_t *rc_store_set_inherits(rc_db_t *db, rc_holder_t holder, apr_int64_t id, bool inherits)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, statements[holder].set_inherits));
    RC_TRY(rc_bind(st, db, "id", id, (int)inherits));
    return rc_run(st, db);
}
