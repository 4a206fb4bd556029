// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes users.
 */
#include "user_read.h"

/* The only place that knows the order of USER_COLUMNS. */
rc_user_t *rc_read_user_at(rc_stmt_t *st, int at, apr_pool_t *pool)
{
    rc_user_t *user = apr_pcalloc(pool, sizeof(*user));
    apr_int64_t flags = rc_column_int(st, at + 5);

    user->id = rc_column_int(st, at);
    user->username = rc_column_text(st, at + 1, pool);
    user->firstname = rc_column_text(st, at + 2, pool);
    user->lastname = rc_column_text(st, at + 3, pool);
    user->email = rc_column_text(st, at + 4, pool);
    user->active = flags & 1;
    user->admin = flags & 2;
    user->inherits = flags & 4;
    user->extern_type = rc_column_text(st, at + 6, pool);
    user->extern_name = rc_column_text(st, at + 7, pool);
    user->language = rc_column_text(st, at + 8, pool);
    user->last_login = rc_column_int(st, at + 9);
    return user;
}

rc_user_t *rc_read_user(rc_stmt_t *st, apr_pool_t *pool)
{
    return rc_read_user_at(st, 0, pool);
}

static rc_err_t *step_user(rc_user_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *out = found ? rc_read_user(st, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_user_by_id(rc_user_t **out, rc_db_t *db, apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_BY_ID, "i", id));
    return step_user(out, st, db, pool);
}

rc_err_t *rc_store_user_by_name(rc_user_t **out, rc_db_t *db, const char *username,
                                apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_BY_NAME, "s", username));
    return step_user(out, st, db, pool);
}

rc_err_t *rc_store_first_admin(rc_user_t **out, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_USER_FIRST_ADMIN));
    return step_user(out, st, db, pool);
}

rc_err_t *rc_store_other_admin(bool *is, rc_db_t *db, apr_int64_t user_id)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_OTHER_ADMIN, "i", user_id));
    RC_TRY(rc_step(is, st, db));
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_user_insert(rc_user_t *user, rc_db_t *db, const char *password_hash,
                               bool force_password_change)
{
    rc_stmt_t *st;

    /* the domain checks the lengths of the other names, after it has checked for duplicates */
    RC_TRY(rc_query(&st, db, SQL_USER_INSERT, "nsssdddssi", user->username, user->firstname,
                    user->lastname, password_hash, (int)user->active, (int)user->admin,
                    (int)force_password_change, user->extern_type, user->extern_name,
                    (apr_int64_t)apr_time_now()));
    return rc_insert(&user->id, st, db);
}

rc_err_t *rc_store_user_update(rc_db_t *db, const rc_user_t *user)
{
    return rc_execute(db, SQL_USER_UPDATE, "innnddnn", user->id, user->username, user->firstname,
                      user->lastname, (int)user->active, (int)user->admin, user->extern_type,
                      user->extern_name);
}

rc_err_t *rc_store_user_delete(rc_db_t *db, apr_int64_t user_id)
{
    RC_TRY(rc_execute(db, SQL_USER_UNLOCK_REPOS, "i", user_id));
    RC_TRY(rc_execute(db, SQL_PULL_AUTHOR_GOES, "i", user_id));
    return rc_execute(db, SQL_USER_DELETE, "i", user_id);
}

rc_err_t *rc_store_user_set_password(rc_db_t *db, apr_int64_t user_id, const char *password_hash)
{
    return rc_execute(db, SQL_USER_SET_PASSWORD, "is", user_id, password_hash);
}

rc_err_t *rc_store_user_renew_password(rc_db_t *db, apr_int64_t user_id, const char *from,
                                       const char *to)
{
    return rc_execute(db, SQL_USER_RENEW_PASSWORD, "iss", user_id, from, to);
}

static rc_err_t *set_user_flag(rc_db_t *db, rc_sql_t sql, apr_int64_t user_id, bool flag)
{
    return rc_execute(db, sql, "id", user_id, (int)flag);
}

rc_err_t *rc_store_user_set_active(rc_db_t *db, apr_int64_t user_id, bool active)
{
    return set_user_flag(db, SQL_USER_SET_ACTIVE, user_id, active);
}

rc_err_t *rc_store_follow_user(rc_db_t *db, apr_int64_t user_id, apr_int64_t other_id)
{
    return rc_execute(db, SQL_USER_FOLLOW, "iii", other_id, user_id, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_unfollow_user(rc_db_t *db, apr_int64_t user_id, apr_int64_t other_id)
{
    return rc_execute(db, SQL_USER_UNFOLLOW, "ii", other_id, user_id);
}
