// SPDX-License-Identifier: Apache-2.0
/*
 * Changing and removing repository rows, locks, and the bare names of everything.
 */
#include "rc_repo_change.h"

#include "stmt.h"

rc_err_t *rc_store_repo_update(rc_db_t *db, const rc_repo_t *repo)
{
    rc_blob_t sealed = {repo->clone_uri_sealed, repo->clone_uri_sealed_len};
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_UPDATE));
    RC_TRY(rc_bind(st, db, "isirrddddssbsi", repo->id, repo->name, repo->owner_id, repo->group_id,
                   repo->fork_id, (int)repo->private_, (int)repo->enable_statistics,
                   (int)repo->enable_locking, (int)repo->enable_downloads, repo->description,
                   repo->clone_uri, &sealed, repo->landing_rev, (apr_int64_t)apr_time_now()));
    return rc_run(st, db);
}

rc_err_t *rc_store_repo_delete(rc_db_t *db, apr_int64_t repo_id)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_DELETE));
    RC_TRY(rc_bind(st, db, "i", repo_id));
    return rc_run(st, db);
}

rc_err_t *rc_store_repo_fork_count(apr_int64_t *count, rc_db_t *db, apr_int64_t repo_id)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_FORK_COUNT));
    RC_TRY(rc_bind(st, db, "i", repo_id));
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

    RC_TRY(rc_stmt(&st, db, SQL_REPO_WITH_FORKS));
    RC_TRY(rc_bind(st, db, "i", repo_id));
    return read_names(names, st, db, pool);
}

rc_err_t *rc_store_repo_names(apr_array_header_t **names, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_NAMES));
    return read_names(names, st, db, pool);
}

rc_err_t *rc_store_repo_name(const char **name, rc_db_t *db, apr_int64_t repo_id, apr_pool_t *pool)
{
    apr_array_header_t *names;
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_NAME));
    RC_TRY(rc_bind(st, db, "i", repo_id));
    RC_TRY(read_names(&names, st, db, pool));
    *name = names->nelts ? APR_ARRAY_IDX(names, 0, rc_named_t).name : NULL;
    return NULL;
}

rc_err_t *rc_store_repo_set_lock(rc_db_t *db, apr_int64_t repo_id, apr_int64_t user_id,
                                 apr_int64_t when, const char *reason)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_SET_LOCK));
    RC_TRY(rc_bind(st, db, "irrs", repo_id, user_id, user_id ? when : 0, user_id ? reason : NULL));
    return rc_run(st, db);
}

rc_err_t *rc_store_repo_groups_deepest(apr_array_header_t **names, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_GROUPS_DEEPEST));
    return read_names(names, st, db, pool);
}

rc_err_t *rc_store_repo_group_delete_empty(bool *deleted, rc_db_t *db, apr_int64_t group_id)
{
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, SQL_REPO_GROUP_DELETE_EMPTY));
    RC_TRY(rc_bind(st, db, "i", group_id));
    RC_TRY(rc_run(st, db));
    *deleted = rc_changes(db) > 0;
    return NULL;
}
