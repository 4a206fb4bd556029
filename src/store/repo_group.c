// SPDX-License-Identifier: Apache-2.0
/*
 * Rows of repository groups.
 */
#include "store/group.h"

#include <string.h>

#include "sql.h"

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

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_BY_ID, "ii", user_id, id));
    return step_repo_group(out, st, db, pool);
}

rc_err_t *rc_store_repo_group_by_name(rc_repo_group_t **out, rc_db_t *db, apr_int64_t user_id,
                                      const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_BY_NAME, "is", user_id, name));
    return step_repo_group(out, st, db, pool);
}

/* The row that @a st sees, or NULL. */
static rc_err_t *seen_repo_group(rc_repo_group_t **out, rc_stmt_t *st, rc_db_t *db,
                                 apr_pool_t *pool)
{
    apr_int64_t id;
    int level;

    *out = NULL;
    RC_TRY(rc_seen(&id, &level, st, db));
    if (!id)
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_ROW, "id", id, level));
    return step_repo_group(out, st, db, pool);
}

rc_err_t *rc_store_repo_group_seen_by_id(rc_repo_group_t **out, rc_db_t *db, apr_int64_t user_id,
                                         apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_SEEN_BY_ID, "ii", user_id, id));
    return seen_repo_group(out, st, db, pool);
}

rc_err_t *rc_store_repo_group_seen_by_name(rc_repo_group_t **out, rc_db_t *db, apr_int64_t user_id,
                                           const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_SEEN_BY_NAME, "is", user_id, name));
    return seen_repo_group(out, st, db, pool);
}

rc_err_t *rc_store_repo_group_insert(rc_repo_group_t *group, rc_db_t *db)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_INSERT, "nritdi", group->name, group->parent_id,
                    group->owner_id, group->description, (int)group->enable_locking,
                    (apr_int64_t)apr_time_now()));
    return rc_insert(&group->id, st, db);
}

/* Takes the repositories of one group from a statement of (group, repository) names that stands on
 * the first row not yet taken (*@a row tells whether there is one), passing over the groups before
 * it. Text compares by bytes, in SQLite as in strcmp. */
static rc_err_t *take_repos(apr_array_header_t **names, bool *row, rc_stmt_t *st, rc_db_t *db,
                            const char *group, apr_pool_t *pool)
{
    int n;

    *names = apr_array_make(pool, 8, sizeof(const char *));
    while (*row && (n = strcmp(rc_column_peek(st, 0), group)) <= 0) {
        if (n == 0)
            APR_ARRAY_PUSH(*names, const char *) = rc_column_text(st, 1, pool);
        RC_TRY(rc_step(row, st, db));
    }
    return NULL;
}

rc_err_t *rc_store_repo_group_repos(apr_array_header_t **names, rc_db_t *db, apr_int64_t user_id,
                                    apr_int64_t group_id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_REPOS, "ii", user_id, group_id));
    return rc_texts(names, st, 1, db, pool);
}

typedef rc_err_t *each_fn(void *baton, const rc_repo_group_t *group,
                          const apr_array_header_t *repos);

static rc_err_t *walk(rc_stmt_t *groups, rc_stmt_t *names, rc_db_t *db, each_fn *fn, void *baton,
                      apr_pool_t *scratch)
{
    bool found, row;

    RC_TRY(rc_step(&row, names, db));
    for (;;) {
        apr_array_header_t *repos;
        rc_repo_group_t *group;

        apr_pool_clear(scratch);
        RC_TRY(rc_step(&found, groups, db));
        if (!found)
            return NULL;
        group = read_repo_group(groups, scratch);
        RC_TRY(take_repos(&repos, &row, names, db, group->name, scratch));
        RC_TRY(fn(baton, group, repos));
    }
}

rc_err_t *rc_store_repo_groups_each(rc_db_t *db, apr_int64_t user_id, each_fn *fn, void *baton,
                                    apr_pool_t *pool)
{
    rc_stmt_t *groups, *names;
    apr_pool_t *scratch;
    rc_err_t *err;

    RC_TRY(rc_query(&groups, db, SQL_REPO_GROUPS_READABLE, "i", user_id));
    RC_TRY(rc_query(&names, db, SQL_REPO_GROUPS_REPOS, "i", user_id));
    apr_pool_create(&scratch, pool);
    err = walk(groups, names, db, fn, baton, scratch);
    rc_done(groups);
    rc_done(names);
    apr_pool_destroy(scratch);
    return err;
}

rc_err_t *rc_store_repo_group_update(rc_db_t *db, const rc_repo_group_t *group)
{
    return rc_execute(db, SQL_REPO_GROUP_UPDATE, "irit", group->id, group->parent_id,
                      group->owner_id, group->description);
}

rc_err_t *rc_store_repo_group_delete(rc_db_t *db, apr_int64_t group_id)
{
    return rc_execute(db, SQL_REPO_GROUP_DELETE, "i", group_id);
}

rc_err_t *rc_store_repo_group_copy(rc_db_t *db, apr_int64_t group_id, apr_int64_t from,
                                   apr_int64_t but)
{
    RC_TRY(rc_execute(db, SQL_REPO_GROUP_COPY_USERS, "iii", group_id, from, but));
    return rc_execute(db, SQL_REPO_GROUP_COPY_USER_GROUPS, "ii", group_id, from);
}

rc_err_t *rc_store_tree_rename(rc_db_t *db, apr_int64_t group_id, const char *from, const char *to)
{
    static const rc_sql_t both[] = {SQL_TREE_RENAME_GROUPS, SQL_TREE_RENAME_REPOS};
    int i;

    for (i = 0; i < 2; i++) {
        RC_TRY(rc_execute(db, both[i], "iss", group_id, from, to));
    }
    return NULL;
}

rc_err_t *rc_store_tree_set_locking(rc_db_t *db, apr_int64_t group_id, bool enable_locking)
{
    static const rc_sql_t both[] = {SQL_TREE_LOCK_GROUPS, SQL_TREE_LOCK_REPOS};
    int i;

    for (i = 0; i < 2; i++) {
        RC_TRY(rc_execute(db, both[i], "id", group_id, (int)enable_locking));
    }
    return NULL;
}

rc_err_t *rc_store_tree_repos(apr_array_header_t **names, rc_db_t *db, apr_int64_t group_id,
                              apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_TREE_REPOS, "i", group_id));
    return rc_texts(names, st, 0, db, pool);
}

rc_err_t *rc_store_tree_longest(apr_int64_t *characters, rc_db_t *db, apr_int64_t group_id)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_TREE_LONGEST, "i", group_id));
    RC_TRY(rc_step(&found, st, db));
    *characters = found ? rc_column_int(st, 0) : 0;
    rc_done(st);
    return NULL;
}
