// SPDX-License-Identifier: Apache-2.0
/*
 * Evaluates the permission rule in SQL, and changes the permission rows.
 */
#include "store/rule.h"

#include <string.h>

#include "db/memory.h"
#include "sql.h"

/* The statements for each kind of object, in the order of rc_kind_t. */
static const struct {
    rc_sql_t level, levels;
    rc_sql_t grant_user, revoke_user, grant_user_group, revoke_user_group;
} statements[] = {
    {SQL_LEVEL_REPO, SQL_LEVELS_REPOS, SQL_REPO_GRANT_USER, SQL_REPO_REVOKE_USER,
     SQL_REPO_GRANT_USER_GROUP, SQL_REPO_REVOKE_USER_GROUP},
    {SQL_LEVEL_REPO_GROUP, SQL_LEVELS_REPO_GROUPS, SQL_REPO_GROUP_GRANT_USER,
     SQL_REPO_GROUP_REVOKE_USER, SQL_REPO_GROUP_GRANT_USER_GROUP, SQL_REPO_GROUP_REVOKE_USER_GROUP},
    {SQL_LEVEL_USER_GROUP, SQL_LEVELS_USER_GROUPS, SQL_USER_GROUP_GRANT_USER,
     SQL_USER_GROUP_REVOKE_USER, SQL_USER_GROUP_GRANT_USER_GROUP, SQL_USER_GROUP_REVOKE_USER_GROUP},
};

rc_viewer_t rc_viewer_user(apr_int64_t user_id)
{
    return (rc_viewer_t){user_id};
}

rc_viewer_t rc_viewer_token(apr_int64_t key_id)
{
    return (rc_viewer_t){-key_id};
}

bool rc_viewer_is_token(rc_viewer_t viewer)
{
    return viewer.id < 0;
}

rc_err_t *rc_rule_level(rc_level_t *level, rc_db_t *db, rc_kind_t kind, rc_viewer_t viewer,
                        apr_int64_t object_id)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, statements[kind].level, "ii", viewer.id, object_id));
    RC_TRY(rc_step(&found, st, db));
    *level = found ? (rc_level_t)rc_column_int(st, 0) : RC_NONE;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_rule_levels(rc_db_t *db, rc_kind_t kind, rc_viewer_t viewer,
                         rc_err_t *(*fn)(void *baton, const char *name, rc_level_t level),
                         void *baton, apr_pool_t *pool)
{
    rc_rows_t rows;
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, statements[kind].levels, "i", viewer.id));
    for (rc_rows_begin(&rows, st, db, pool); rc_rows_next(&rows);)
        rows.err = fn(baton, rc_column_text(st, 0, rows.scratch), (rc_level_t)rc_column_int(st, 1));
    return rc_rows_end(&rows);
}

rc_err_t *rc_rule_global_names(apr_array_header_t **names, rc_db_t *db, apr_int64_t user_id,
                               bool admin, apr_pool_t *pool)
{
    rc_stmt_t *st;

    if (admin) {
        *names = apr_array_make(pool, 2, sizeof(const char *));
        APR_ARRAY_PUSH(*names, const char *) = "hg.admin";
        APR_ARRAY_PUSH(*names, const char *) = "hg.create.write_on_repogroup.true";
        return NULL;
    }
    RC_TRY(rc_query(&st, db, SQL_GLOBAL_NAMES, "i", user_id));
    return rc_texts(names, st, 0, db, pool);
}

rc_err_t *rc_rule_has_global(bool *has, rc_db_t *db, rc_viewer_t viewer, bool admin,
                             const char *name)
{
    rc_stmt_t *st;
    bool found;

    *has = admin && !rc_viewer_is_token(viewer);
    if (admin || rc_viewer_is_token(viewer))
        return NULL;
    RC_TRY(rc_query(&st, db, SQL_GLOBAL_NAMES, "i", viewer.id));
    do {
        RC_TRY(rc_step(&found, st, db));
        if (found && !strcmp(rc_column_peek(st, 0), name))
            *has = true;
    } while (found);
    return NULL;
}

rc_err_t *rc_rule_new_object_level(rc_level_t *level, rc_db_t *db, rc_kind_t kind)
{
    rc_stmt_t *st;
    bool found;

    *level = RC_NONE;
    RC_TRY(rc_stmt(&st, db, SQL_DEFAULT_GLOBAL_NAMES));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        rc_permission_level(level, kind, rc_column_peek(st, 0));
    }
}

static rc_err_t *run_ids(rc_db_t *db, rc_sql_t sql, apr_int64_t a, apr_int64_t b)
{
    return rc_execute(db, sql, "ii", a, b);
}

static rc_err_t *grant(rc_db_t *db, rc_sql_t sql, apr_int64_t object_id, apr_int64_t grantee_id,
                       rc_level_t level)
{
    return rc_execute(db, sql, "iid", object_id, grantee_id, (int)level);
}

rc_err_t *rc_rule_grant_user(rc_db_t *db, rc_kind_t kind, apr_int64_t object_id,
                             apr_int64_t user_id, rc_level_t level)
{
    return grant(db, statements[kind].grant_user, object_id, user_id, level);
}

/* The statements for what is below a repository group: for users, then for user groups. */
static const struct {
    rc_sql_t grant_repos, grant_groups, revoke_repos, revoke_groups;
} below_statements[] = {
    {SQL_BELOW_REPOS_GRANT_USER, SQL_BELOW_GROUPS_GRANT_USER, SQL_BELOW_REPOS_REVOKE_USER,
     SQL_BELOW_GROUPS_REVOKE_USER},
    {SQL_BELOW_REPOS_GRANT_USER_GROUP, SQL_BELOW_GROUPS_GRANT_USER_GROUP,
     SQL_BELOW_REPOS_REVOKE_USER_GROUP, SQL_BELOW_GROUPS_REVOKE_USER_GROUP},
};

rc_err_t *rc_rule_grant(rc_db_t *db, const rc_grant_t *g, unsigned below)
{
    rc_sql_t sql =
        g->to_group ? statements[g->kind].grant_user_group : statements[g->kind].grant_user;

    RC_TRY(grant(db, sql, g->object_id, g->grantee_id, g->level));
    if (below & RC_BELOW_GROUPS)
        RC_TRY(grant(db, below_statements[g->to_group].grant_groups, g->object_id, g->grantee_id,
                     g->level));
    if (below & RC_BELOW_REPOS)
        RC_TRY(grant(db, below_statements[g->to_group].grant_repos, g->object_id, g->grantee_id,
                     g->level));
    return NULL;
}

rc_err_t *rc_rule_revoke(rc_db_t *db, const rc_grant_t *g, unsigned below)
{
    RC_TRY(run_ids(
        db, g->to_group ? statements[g->kind].revoke_user_group : statements[g->kind].revoke_user,
        g->object_id, g->grantee_id));
    if (below & RC_BELOW_GROUPS)
        RC_TRY(
            run_ids(db, below_statements[g->to_group].revoke_groups, g->object_id, g->grantee_id));
    if (below & RC_BELOW_REPOS)
        RC_TRY(
            run_ids(db, below_statements[g->to_group].revoke_repos, g->object_id, g->grantee_id));
    return NULL;
}

rc_err_t *rc_rule_copy_group_to_repo(rc_db_t *db, apr_int64_t group_id, apr_int64_t repo_id)
{
    RC_TRY(run_ids(db, SQL_REPO_COPY_USERS_FROM_GROUP, repo_id, group_id));
    return run_ids(db, SQL_REPO_COPY_USER_GROUPS_FROM_GROUP, repo_id, group_id);
}

rc_err_t *rc_rule_copy_repo(rc_db_t *db, apr_int64_t source_id, apr_int64_t repo_id)
{
    RC_TRY(run_ids(db, SQL_REPO_COPY_USERS, repo_id, source_id));
    return run_ids(db, SQL_REPO_COPY_USER_GROUPS, repo_id, source_id);
}
