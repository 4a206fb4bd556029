// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes the global permissions of users and user groups.
 */
#include "store/global.h"

#include "sql.h"

/* The statements for each kind of holder, in the order of rc_holder_t. */
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

    RC_TRY(rc_query(&st, db, statements[holder].inherits, "i", id));
    RC_TRY(rc_step(&found, st, db));
    *inherits = found && rc_column_bool(st, 0);
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_globals(apr_array_header_t **names, bool *inherits, rc_db_t *db,
                           rc_holder_t holder, apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(read_inherits(inherits, db, holder, id));
    RC_TRY(rc_query(&st, db, statements[holder].list, "i", id));
    return rc_texts(names, st, 0, db, pool);
}

static rc_err_t *change_global(rc_db_t *db, rc_sql_t sql, apr_int64_t id, const char *name)
{
    return rc_execute(db, sql, "is", id, name);
}

rc_err_t *rc_store_global_add(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name)
{
    return change_global(db, statements[holder].add, id, name);
}

rc_err_t *rc_store_global_delete(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name)
{
    return change_global(db, statements[holder].delete, id, name);
}

rc_err_t *rc_store_set_inherits(rc_db_t *db, rc_holder_t holder, apr_int64_t id, bool inherits)
{
    return rc_execute(db, statements[holder].set_inherits, "id", id, (int)inherits);
}
