// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes user groups and their members.
 */
#include "group_read.h"

#include "seen.h"

/* The only place that knows the order of USER_GROUP_COLUMNS. */
rc_user_group_t *rc_read_user_group(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_user_group_t *group = apr_pcalloc(pool, sizeof(*group));

    group->id = rc_column_int(st, 0);
    group->name = rc_column_text(st, 1, pool);
    group->owner_id = rc_column_int(st, 2);
    group->owner = rc_column_text(st, 3, pool);
    group->description = rc_column_text(st, 4, pool);
    group->active = rc_column_bool(st, 5);
    group->level = (rc_level_t)rc_column_int(st, 6);
    return group;
}

static rc_err_t *step_user_group(rc_user_group_t **out, rc_stmt_t *st, rc_db_t *db,
                                 apr_pool_t *pool)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *out = found ? rc_read_user_group(st, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_user_group_by_id(rc_user_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                    apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_GROUP_BY_ID, "ii", viewer.id, id));
    return step_user_group(out, st, db, pool);
}

rc_err_t *rc_store_user_group_by_name(rc_user_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                      const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_GROUP_BY_NAME, "is", viewer.id, name));
    return step_user_group(out, st, db, pool);
}

/* Reads the row of a group whose level is known; NULL when it is hidden or missing. */
static rc_err_t *read_seen_users(rc_user_group_t **out, rc_db_t *db, const rc_seen_t *seen,
                                 apr_pool_t *pool)
{
    rc_stmt_t *st;

    *out = NULL;
    if (!seen->id)
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_USER_GROUP_ROW, "id", seen->id, seen->level));
    return step_user_group(out, st, db, pool);
}

/* Runs a ..._SEEN_BY_... statement and reads the row that it finds, or NULL. */
static rc_err_t *seen_user_group(rc_user_group_t **out, rc_stmt_t *st, rc_db_t *db,
                                 apr_pool_t *pool)
{
    rc_seen_t seen;

    RC_TRY(rc_seen_one(&seen, st, db));
    return read_seen_users(out, db, &seen, pool);
}

rc_err_t *rc_store_user_group_seen_by_id(rc_user_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                         apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_GROUP_SEEN_BY_ID, "ii", viewer.id, id));
    return seen_user_group(out, st, db, pool);
}

rc_err_t *rc_store_user_group_seen_by_name(rc_user_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                           const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_GROUP_SEEN_BY_NAME, "is", viewer.id, name));
    return seen_user_group(out, st, db, pool);
}

rc_err_t *rc_store_user_group_insert(rc_user_group_t *group, rc_db_t *db)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_USER_GROUP_INSERT, "nitdi", group->name, group->owner_id,
                    group->description, (int)group->active, (apr_int64_t)apr_time_now()));
    return rc_insert(&group->id, st, db);
}

rc_err_t *rc_store_user_group_update(rc_db_t *db, const rc_user_group_t *group)
{
    return rc_execute(db, SQL_USER_GROUP_UPDATE, "initd", group->id, group->name, group->owner_id,
                      group->description, (int)group->active);
}

rc_err_t *rc_store_user_group_delete(rc_db_t *db, apr_int64_t group_id)
{
    return rc_execute(db, SQL_USER_GROUP_DELETE, "i", group_id);
}

static rc_err_t *change_user(bool *changed, rc_db_t *db, rc_sql_t sql, apr_int64_t group_id,
                             apr_int64_t user_id)
{
    RC_TRY(rc_execute(db, sql, "ii", group_id, user_id));
    *changed = rc_changes(db) > 0;
    return NULL;
}

rc_err_t *rc_store_user_group_add_user(bool *changed, rc_db_t *db, apr_int64_t group_id,
                                       apr_int64_t user_id)
{
    return change_user(changed, db, SQL_USER_GROUP_ADD_USER, group_id, user_id);
}

rc_err_t *rc_store_user_group_remove_user(bool *changed, rc_db_t *db, apr_int64_t group_id,
                                          apr_int64_t user_id)
{
    return change_user(changed, db, SQL_USER_GROUP_REMOVE_USER, group_id, user_id);
}

rc_err_t *rc_store_user_group_assigned(bool *assigned, apr_array_header_t **names, rc_db_t *db,
                                       rc_viewer_t viewer, apr_int64_t group_id, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *assigned = false;
    *names = apr_array_make(pool, 4, sizeof(const char *));
    RC_TRY(rc_query(&st, db, SQL_USER_GROUP_ASSIGNED, "ii", viewer.id, group_id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        *assigned = true;
        if (rc_column_int(st, 1) >= RC_READ)
            APR_ARRAY_PUSH(*names, const char *) = rc_column_text(st, 0, pool);
    }
}
