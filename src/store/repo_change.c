// SPDX-License-Identifier: Apache-2.0
/*
 * Updates, locks and deletes repositories, and lists the names of repositories and groups.
 */
#include "store/repo_change.h"

#include "sql.h"

rc_err_t *rc_store_repo_update(rc_db_t *db, const rc_repo_t *repo)
{
    rc_blob_t sealed = {repo->clone_uri_sealed, repo->clone_uri_sealed_len};

    return rc_execute(db, SQL_REPO_UPDATE, "inirrddddttbni", repo->id, repo->name, repo->owner_id,
                      repo->group_id, repo->fork_id, (int)repo->private_,
                      (int)repo->enable_statistics, (int)repo->enable_locking,
                      (int)repo->enable_downloads, repo->description, repo->clone_uri, &sealed,
                      repo->landing_rev, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_repo_delete(rc_db_t *db, apr_int64_t repo_id)
{
    RC_TRY(rc_execute(db, SQL_PULL_SOURCE_GOES, "i", repo_id));
    return rc_execute(db, SQL_REPO_DELETE, "i", repo_id);
}

rc_err_t *rc_store_repo_fork_count(apr_int64_t *count, rc_db_t *db, rc_viewer_t viewer,
                                   apr_int64_t repo_id, rc_level_t level)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_REPO_FORK_COUNT, "iid", viewer.id, repo_id, (int)level));
    RC_TRY(rc_step(&found, st, db));
    *count = rc_column_int(st, 0);
    rc_done(st);
    return NULL;
}

static rc_err_t *read_names(apr_array_header_t **names, rc_stmt_t *st, rc_db_t *db,
                            apr_pool_t *pool)
{
    bool found;

    *names = apr_array_make(pool, 8, sizeof(rc_named_t));
    for (;;) {
        rc_named_t *named;

        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        named = apr_array_push(*names);
        named->id = rc_column_int(st, 0);
        named->name = rc_column_text(st, 1, pool);
    }
}

rc_err_t *rc_store_repo_with_forks(apr_array_header_t **names, rc_db_t *db, apr_int64_t repo_id,
                                   apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_WITH_FORKS, "i", repo_id));
    return read_names(names, st, db, pool);
}

rc_err_t *rc_store_repo_with_forks_of(apr_array_header_t **names, rc_db_t *db, rc_viewer_t viewer,
                                      apr_int64_t repo_id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_WITH_FORKS_OF, "ii", viewer.id, repo_id));
    return read_names(names, st, db, pool);
}

rc_err_t *rc_store_repo_names(apr_array_header_t **names, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_NAMES));
    return read_names(names, st, db, pool);
}

rc_err_t *rc_store_repo_oldest(apr_array_header_t **names, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_OLDEST));
    return read_names(names, st, db, pool);
}

rc_err_t *rc_store_repo_name(const char **name, rc_db_t *db, apr_int64_t repo_id, apr_pool_t *pool)
{
    apr_array_header_t *names;
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_NAME, "i", repo_id));
    RC_TRY(read_names(&names, st, db, pool));
    *name = names->nelts ? APR_ARRAY_IDX(names, 0, rc_named_t).name : NULL;
    return NULL;
}

rc_err_t *rc_store_repo_set_lock(rc_db_t *db, apr_int64_t repo_id, apr_int64_t user_id,
                                 apr_int64_t when, const char *reason)
{
    return rc_execute(db, SQL_REPO_SET_LOCK, "irrs", repo_id, user_id, user_id ? when : 0,
                      user_id ? reason : NULL);
}

rc_err_t *rc_store_repo_origin(rc_origin_t *origin, rc_db_t *db, apr_int64_t repo_id,
                               apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *origin = (rc_origin_t){NULL, 0};
    RC_TRY(rc_query(&st, db, SQL_REPO_ORIGIN, "i", repo_id));
    RC_TRY(rc_step(&found, st, db));
    if (found)
        *origin = (rc_origin_t){rc_column_text(st, 0, pool), rc_column_int(st, 1)};
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_repo_set_origin(rc_db_t *db, apr_int64_t repo_id, const rc_origin_t *origin)
{
    return origin->id
               ? rc_execute(db, SQL_REPO_SET_ORIGIN, "isi", repo_id, origin->id, origin->count)
               : NULL;
}

rc_err_t *rc_store_repo_setting_set(rc_db_t *db, apr_int64_t repo_id, const char *name,
                                    const char *value)
{
    return value ? rc_execute(db, SQL_REPO_SETTING_SET, "int", repo_id, name, value)
                 : rc_execute(db, SQL_REPO_SETTING_DELETE, "is", repo_id, name);
}

rc_err_t *rc_store_repo_setting(const char **value, rc_db_t *db, apr_int64_t repo_id,
                                const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_REPO_SETTING_GET, "is", repo_id, name));
    RC_TRY(rc_step(&found, st, db));
    *value = found ? rc_column_text(st, 0, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_repo_settings(apr_array_header_t **list, rc_db_t *db, apr_int64_t repo_id,
                                 const char *prefix, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *list = apr_array_make(pool, 4, sizeof(rc_repo_field_t));
    RC_TRY(rc_query(&st, db, SQL_REPO_SETTINGS, "is", repo_id, prefix));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*list, rc_repo_field_t) =
            (rc_repo_field_t){rc_column_text(st, 0, pool), rc_column_text(st, 1, pool)};
    }
}

rc_err_t *rc_store_repo_groups_deepest(apr_array_header_t **names, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_GROUPS_DEEPEST));
    return read_names(names, st, db, pool);
}

rc_err_t *rc_store_repo_group_delete_empty(bool *deleted, rc_db_t *db, apr_int64_t group_id)
{
    RC_TRY(rc_execute(db, SQL_REPO_GROUP_DELETE_EMPTY, "i", group_id));
    *deleted = rc_changes(db) > 0;
    return NULL;
}
