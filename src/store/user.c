// SPDX-License-Identifier: Apache-2.0
/*
 * User rows.
 */
#include "rc_user.h"

#include "stmt.h"

/* The one place that knows the order of USER_COLUMNS. */
static rc_user_t *read_user(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_user_t *user = apr_pcalloc(pool, sizeof(*user));

    user->id = rc_column_int(st, 0);
    user->username = rc_column_text(st, 1, pool);
    user->firstname = rc_column_text(st, 2, pool);
    user->lastname = rc_column_text(st, 3, pool);
    user->email = rc_column_text(st, 4, pool);
    user->active = rc_column_bool(st, 5);
    user->admin = rc_column_bool(st, 6);
    user->inherits = rc_column_bool(st, 7);
    user->extern_type = rc_column_text(st, 8, pool);
    user->extern_name = rc_column_text(st, 9, pool);
    user->language = rc_column_text(st, 10, pool);
    user->last_login = rc_column_int(st, 11);
    return user;
}

static rc_err_t *step_user(rc_user_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *out = found ? read_user(st, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_user_by_id(rc_user_t **out, rc_db_t *db, apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_USER_BY_ID));
    RC_TRY(rc_bind(st, db, "i", id));
    return step_user(out, st, db, pool);
}

rc_err_t *rc_store_user_by_name(rc_user_t **out, rc_db_t *db, const char *username,
                                apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_USER_BY_NAME));
    RC_TRY(rc_bind(st, db, "s", username));
    return step_user(out, st, db, pool);
}

rc_err_t *rc_store_first_admin(rc_user_t **out, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_USER_FIRST_ADMIN));
    return step_user(out, st, db, pool);
}
