// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes repository groups, and changes the groups and repositories below one.
 */
#include "store/group.h"

#include "seen.h"

/* The only place that knows the order of REPO_GROUP_COLUMNS. */
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

rc_err_t *rc_store_repo_group_by_id(rc_repo_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                    apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_BY_ID, "ii", viewer.id, id));
    return step_repo_group(out, st, db, pool);
}

rc_err_t *rc_store_repo_group_by_name(rc_repo_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                      const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_BY_NAME, "is", viewer.id, name));
    return step_repo_group(out, st, db, pool);
}

/* Reads the row of a group whose level is known; NULL when it is hidden or missing. */
static rc_err_t *read_seen_group(rc_repo_group_t **out, rc_db_t *db, const rc_seen_t *seen,
                                 apr_pool_t *pool)
{
    rc_stmt_t *st;

    *out = NULL;
    if (!seen->id)
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_ROW, "id", seen->id, seen->level));
    return step_repo_group(out, st, db, pool);
}

/* Runs a ..._SEEN_BY_... statement and reads the row that it finds, or NULL. */
static rc_err_t *seen_repo_group(rc_repo_group_t **out, rc_stmt_t *st, rc_db_t *db,
                                 apr_pool_t *pool)
{
    rc_seen_t seen;

    RC_TRY(rc_seen_one(&seen, st, db));
    return read_seen_group(out, db, &seen, pool);
}

rc_err_t *rc_store_repo_group_seen_by_id(rc_repo_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                         apr_int64_t id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_SEEN_BY_ID, "ii", viewer.id, id));
    return seen_repo_group(out, st, db, pool);
}

rc_err_t *rc_store_repo_group_seen_by_name(rc_repo_group_t **out, rc_db_t *db, rc_viewer_t viewer,
                                           const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_SEEN_BY_NAME, "is", viewer.id, name));
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

rc_err_t *rc_store_repo_group_repos(apr_array_header_t **names, rc_db_t *db, rc_viewer_t viewer,
                                    apr_int64_t group_id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUP_REPOS, "ii", viewer.id, group_id));
    return rc_texts(names, st, 0, db, pool);
}

typedef rc_err_t *group_fn(void *baton, const rc_repo_group_t *group,
                           const apr_array_header_t *repos);

typedef struct repo_groups_walk_t {
    rc_viewer_t viewer;
    bool repos;
    group_fn *fn;
    void *baton;
} repo_groups_walk_t;

/* A group of a list. */
typedef struct entry_t {
    rc_repo_group_t *group;
    apr_array_header_t *repos;
} entry_t;

static void take_group(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    entry_t *entry = (entry_t *)baton + at;

    entry->group = read_repo_group(st, pool);
    entry->repos = apr_array_make(pool, 8, sizeof(const char *));
}

static void take_name(void *baton, int at, rc_stmt_t *st, apr_pool_t *pool)
{
    const entry_t *entry = (entry_t *)baton + at;

    if (entry->group)
        APR_ARRAY_PUSH(entry->repos, const char *) = rc_column_text(st, 1, pool);
}

static rc_err_t *visit_groups(void *baton, const rc_chunk_t *chunk)
{
    const repo_groups_walk_t *walk = baton;
    entry_t entries[RC_CHUNK] = {{NULL}};
    const rc_chunk_part_t parts[] = {
        {SQL_REPO_GROUP_ROWS, 0, take_group, entries},
        {SQL_REPO_GROUPS_REPOS, walk->viewer.id, take_name, entries},
    };
    int i;

    RC_TRY(rc_chunk_read(chunk, parts, 1 + walk->repos));
    RC_TRY(rc_chunk_ahead(chunk, SQL_REPO_GROUP_ROWS, 0));
    for (i = 0; i < chunk->count; i++) {
        if (!entries[i].group)
            continue; /* deleted since */
        entries[i].group->level = (rc_level_t)chunk->seen[i].level;
        RC_TRY(walk->fn(walk->baton, entries[i].group, entries[i].repos));
    }
    return NULL;
}

rc_err_t *rc_store_repo_groups_each(rc_db_t *db, rc_viewer_t viewer, const rc_slice_t *page,
                                    bool repos, group_fn *fn, void *baton, apr_pool_t *pool)
{
    repo_groups_walk_t walk = {viewer, repos, fn, baton};
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_REPO_GROUPS_READABLE, "isi", viewer.id, rc_slice_after(page),
                    rc_slice_most(page)));
    return rc_chunks_each(st, db, visit_groups, &walk, pool);
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
