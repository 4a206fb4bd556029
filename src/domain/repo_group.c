// SPDX-License-Identifier: Apache-2.0
/*
 * Repository groups are made, renamed, moved and deleted, with their directories and all that is
 * below them (contract 02 §7, 01 §5 and §6).
 */
#include "domain/repo_group.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "store/group.h"
#include "domain/repo.h"
#include "domain/scan.h"
#include "base/text.h"

/* Groups among themselves are kept apart by a constraint; groups and repositories are not. */
static rc_err_t *check_name(rc_db_t *db, const char *name, apr_int64_t user_id, apr_pool_t *pool)
{
    rc_repo_t *repo;

    RC_TRY(rc_repo_name_check(name, pool));
    RC_TRY(rc_store_repo_by_name(&repo, db, user_id, name, pool));
    return repo ? rc_err_failed(pool, "%s is a repository", name) : NULL;
}

/* 01 §5 and §6. Super-admins need no row. */
static rc_err_t *set_permissions(const rc_new_repo_group_t *group, rc_db_t *db, apr_pool_t *pool)
{
    const rc_user_t *owner = group->owner;
    apr_int64_t id = group->row.id;

    if (group->copy_permissions && group->row.parent_id)
        RC_TRY(
            rc_store_repo_group_copy(db, id, group->row.parent_id, owner->admin ? 0 : owner->id));
    else
        RC_TRY(rc_model_grant_everyone(db, RC_KIND_REPO_GROUP, id, false, pool));
    return owner->admin ? NULL
                        : rc_rule_grant_user(db, RC_KIND_REPO_GROUP, id, owner->id, RC_ADMIN);
}

/* A directory that the database does not know, perhaps with repositories in it. */
static bool is_free_folder(const char *path, apr_pool_t *pool)
{
    struct stat st;

    return !lstat(path, &st) && S_ISDIR(st.st_mode) && !rc_model_is_repository(path, pool);
}

rc_err_t *rc_model_repo_group_create(rc_new_repo_group_t *group, rc_env_t *env, rc_db_t *db,
                                     rc_disk_txn_t *moves, apr_pool_t *pool)
{
    const char *path = rc_env_repo_path(env, group->row.name, pool);

    RC_TRY(check_name(db, group->row.name, group->owner->id, pool));
    group->row.owner_id = group->owner->id;
    RC_TRY(rc_store_repo_group_insert(&group->row, db));
    RC_TRY(set_permissions(group, db, pool));
    if (!is_free_folder(path, pool)) /* else it is taken as it is */
        rc_disk_txn_add(moves, group->path, path);
    return NULL;
}

/* Adds the rename of a group's directory. There may be none: nothing was ever in the group, and
 * somebody tidied up. */
static rc_err_t *move_directory(const char *from, const char *to, rc_env_t *env,
                                rc_disk_txn_t *moves, apr_pool_t *pool)
{
    const char *from_path = rc_env_repo_path(env, from, pool);
    const char *to_path = rc_env_repo_path(env, to, pool);

    if (rc_fs_exists(from_path))
        rc_disk_txn_add(moves, from_path, to_path);
    else if (rc_model_is_repository(to_path, pool))
        return rc_err_failed(pool, RC_UNKNOWN_REPOSITORY, to_path);
    return NULL;
}

static bool is_inside(const rc_repo_group_t *group, const rc_repo_group_t *tree)
{
    apr_size_t len = strlen(tree->name);

    return !strncmp(group->name, tree->name, len) && (!group->name[len] || group->name[len] == '/');
}

/* Gives the group, and all below it, the path @a to. */
static rc_err_t *move_tree(apr_array_header_t **repos, const rc_repo_group_t *group, const char *to,
                           rc_env_t *env, rc_db_t *db, rc_disk_txn_t *moves, apr_pool_t *pool)
{
    apr_int64_t longest;

    RC_TRY(check_name(db, to, group->owner_id, pool));
    RC_TRY(rc_store_tree_longest(&longest, db, group->id));
    if (longest - (apr_int64_t)rc_text_characters(group->name) +
            (apr_int64_t)rc_text_characters(to) >
        RC_REPO_NAME_MAX)
        return rc_err_failed(pool, "names below would get too long");
    RC_TRY(rc_store_tree_repos(repos, db, group->id, pool));
    RC_TRY(rc_store_tree_rename(db, group->id, group->name, to));
    return move_directory(group->name, to, env, moves, pool);
}

rc_err_t *rc_model_repo_group_update(apr_array_header_t **repos, const rc_repo_group_t *group,
                                     const rc_repo_group_change_t *change, rc_env_t *env,
                                     rc_db_t *db, rc_disk_txn_t *moves, apr_pool_t *pool)
{
    const rc_repo_group_t *parent = change->parent;
    rc_repo_group_t to = {
        .id = group->id,
        .name = parent ? apr_pstrcat(pool, parent->name, "/", change->last, NULL) : change->last,
        .parent_id = parent ? parent->id : 0,
        .owner_id = change->owner_id,
        .description = change->description,
    };

    *repos = apr_array_make(pool, 0, sizeof(const char *));
    if (strchr(change->last, '/') || !*change->last)
        return rc_err_failed(pool, "a group's name is one part of a path");
    if (parent && is_inside(parent, group))
        return rc_err_failed(pool, "the new parent is inside of the group");
    RC_TRY(rc_store_repo_group_update(db, &to));
    if (change->enable_locking)
        RC_TRY(rc_store_tree_set_locking(db, group->id, *change->enable_locking));
    if (!strcmp(to.name, group->name))
        return NULL;
    return move_tree(repos, group, to.name, env, db, moves, pool);
}

rc_err_t *rc_model_repo_group_delete(const rc_repo_group_t *group, rc_env_t *env, rc_db_t *db,
                                     rc_disk_txn_t *moves, apr_pool_t *pool)
{
    const char *last = rc_repo_name_last(group->name);

    RC_TRY(rc_store_repo_group_delete(db, group->id));
    return move_directory(group->name, rc_repo_name_removed(RC_REMOVED_GROUP, last, pool), env,
                          moves, pool);
}
