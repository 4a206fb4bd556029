// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of repository groups and user groups.
 */
#include "rc_repo.h"

#include "stmt.h"

/* The one place that knows the order of REPO_GROUP_COLUMNS. */
static rc_repo_group_t *read_repo_group(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_repo_group_t *group = apr_pcalloc(pool, sizeof(*group));

    group->id = rc_column_int(st, 0);
    group->name = rc_column_text(st, 1, pool);
    group->parent_id = rc_column_int(st, 2);
    group->owner_id = rc_column_int(st, 3);
    group->owner = rc_column_text(st, 4, pool);
    group->description = rc_column_text(st, 5, pool);
    group->enable_locking = rc_column_bool(st, 6);
    group->created_on = rc_column_int(st, 7);
    group->level = (rc_level_t)rc_column_int(st, 8);
    return group;
}

static rc_err_t *step_repo_group(rc_repo_group_t **out, rc_stmt_t *st, rc_db_t *db,
                                 apr_pool_t *pool)
{
    bool found;

    RC_TRY(rc_step(&found, st, db));
    *out = found ? read_repo_group(st, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_repo_group_by_id(rc_repo_group_t **out, rc_db_t *db, apr_int64_t user_id,
                                    apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_GROUP_BY_ID));
    RC_TRY(rc_bind(st, db, "ii", user_id, id));
    return step_repo_group(out, st, db, pool);
}

rc_err_t *rc_store_repo_group_by_name(rc_repo_group_t **out, rc_db_t *db, apr_int64_t user_id,
                                      const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_GROUP_BY_NAME));
    RC_TRY(rc_bind(st, db, "is", user_id, name));
    return step_repo_group(out, st, db, pool);
}

rc_err_t *rc_store_repo_group_insert(rc_repo_group_t *group, rc_db_t *db)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_GROUP_INSERT));
    RC_TRY(rc_bind(st, db, "srisdi", group->name, group->parent_id, group->owner_id,
                   group->description, (int)group->enable_locking, (apr_int64_t)apr_time_now()));
    return rc_insert(&group->id, st, db);
}

/* The one place that knows the order of USER_GROUP_COLUMNS. */
static rc_user_group_t *read_user_group(rc_stmt_t *st, apr_pool_t *pool)
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
    *out = found ? read_user_group(st, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_user_group_by_id(rc_user_group_t **out, rc_db_t *db, apr_int64_t user_id,
                                    apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_USER_GROUP_BY_ID));
    RC_TRY(rc_bind(st, db, "ii", user_id, id));
    return step_user_group(out, st, db, pool);
}

rc_err_t *rc_store_user_group_by_name(rc_user_group_t **out, rc_db_t *db, apr_int64_t user_id,
                                      const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_USER_GROUP_BY_NAME));
    RC_TRY(rc_bind(st, db, "is", user_id, name));
    return step_user_group(out, st, db, pool);
}

rc_err_t *rc_store_user_group_insert(rc_user_group_t *group, rc_db_t *db)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_USER_GROUP_INSERT));
    RC_TRY(rc_bind(st, db, "sisdi", group->name, group->owner_id, group->description,
                   (int)group->active, (apr_int64_t)apr_time_now()));
    return rc_insert(&group->id, st, db);
}
