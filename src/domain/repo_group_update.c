// SPDX-License-Identifier: Apache-2.0
/*
 * Changes, renames and moves repository groups, with their directories and everything below them
 * (contract 02 §7 update_repo_group).
 */
#include "domain/repo_group.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"
#include "owner.h"
#include "domain/repo.h"
#include "domain/scan.h"
#include "repo_group_tree.h"
#include "store/group.h"

typedef struct update_t {
    const rc_repo_group_update_t *request;
    const rc_repo_group_t *parent; /* the new parent */
    const char *locked_name;       /* the name whose directory is locked for the rename, or NULL */
    apr_array_header_t *repos;     /* the former names of the repositories below it, or NULL */
    rc_disk_txn_t *disk;
} update_t;

rc_err_t *rc_repo_group_check_name(rc_db_t *db, const char *name, apr_int64_t user_id,
                                   apr_pool_t *pool)
{
    rc_repo_t *repo;

    RC_TRY(rc_repo_name_check(name, pool));
    RC_TRY(rc_store_repo_by_name(&repo, db, rc_viewer_user(user_id), name, pool));
    return repo ? rc_err_failed(pool, "%s is a repository", name) : NULL;
}

rc_err_t *rc_repo_group_move(const char *from, const char *to, rc_actor_t *actor,
                             rc_disk_txn_t *disk)
{
    const char *from_path = rc_env_repo_path(actor->env, from, actor->pool);
    const char *to_path = rc_env_repo_path(actor->env, to, actor->pool);

    if (rc_fs_exists(from_path))
        rc_disk_txn_add(disk, from_path, to_path);
    else if (rc_is_repository(to_path, actor->pool))
        return rc_err_failed(actor->pool, RC_UNKNOWN_REPOSITORY, to_path);
    return NULL;
}

static bool is_inside(const rc_repo_group_t *group, const rc_repo_group_t *tree)
{
    apr_size_t len = strlen(tree->name);

    return !strncmp(group->name, tree->name, len) && (!group->name[len] || group->name[len] == '/');
}

/* Renames the group and everything below it to the path @a to. */
static rc_err_t *move_tree(update_t *update, const char *to, rc_actor_t *actor)
{
    const rc_repo_group_t *group = update->request->group;
    apr_int64_t longest;

    RC_TRY(rc_repo_group_check_name(actor->db, to, group->owner_id, actor->pool));
    RC_TRY(rc_store_tree_longest(&longest, actor->db, group->id));
    if (longest - (apr_int64_t)rc_text_characters(group->name) +
            (apr_int64_t)rc_text_characters(to) >
        RC_REPO_NAME_MAX)
        return rc_err_failed(actor->pool, "names below would get too long");
    RC_TRY(rc_store_tree_repos(&update->repos, actor->db, group->id, actor->pool));
    RC_TRY(rc_err_conflict(rc_store_tree_rename(actor->db, group->id, group->name, to),
                           "there is a group of this name already"));
    return rc_repo_group_move(group->name, to, actor, update->disk);
}

/* True when the request leaves the parent unchanged. It may name the current parent even if the
 * caller may not read it. */
static bool stays(const rc_repo_group_update_t *request, apr_pool_t *pool)
{
    const char *path = rc_repo_name_parent(request->group->name, pool),
               *sent = request->parent_sent;

    return !sent ||
           (path && *sent &&
            (!strcmp(sent, path) ||
             !strcmp(sent, apr_psprintf(pool, "%" APR_INT64_T_FMT, request->group->parent_id))));
}

/* Finds the new parent. Moving a group requires the right to create one there. */
static rc_err_t *plan_parent(update_t *update, rc_actor_t *actor)
{
    const rc_repo_group_update_t *request = update->request;
    const rc_repo_group_t *group = request->group;
    rc_repo_group_t *parent = NULL;
    bool may = true;

    update->parent = NULL;
    if (stays(request, actor->pool)) {
        if (rc_repo_name_parent(group->name, actor->pool))
            RC_TRY(rc_store_repo_group_by_id(&parent, actor->db, rc_caller_viewer(actor->caller),
                                             group->parent_id, actor->pool));
        update->parent = parent;
        return NULL;
    }
    update->parent = request->parent;
    if (*request->parent_sent && !request->parent)
        return rc_err_failed(actor->pool, "unknown parent");
    if (request->parent)
        may = request->parent->level >= RC_ADMIN;
    else if (group->parent_id)
        RC_TRY(rc_actor_has_global(&may, actor, "hg.repogroup.create.true"));
    return may ? NULL : rc_err_failed(actor->pool, "no right to move a group there");
}

static rc_err_t *plan_owner(rc_repo_group_t *to, const rc_owner_t *owner, apr_pool_t *pool)
{
    RC_TRY(rc_owner_check(owner, pool));
    if (owner->user) {
        to->owner_id = owner->user->id;
        to->owner = owner->user->username;
    }
    return NULL;
}

static rc_err_t *change(update_t *update, rc_repo_group_t *to, const char *last, rc_actor_t *actor)
{
    const rc_repo_group_t *group = update->request->group, *parent = update->parent;
    const bool *locking = update->request->enable_locking;

    if (strchr(last, '/') || !*last)
        return rc_err_failed(actor->pool, "a group's name is one part of a path");
    if (parent && is_inside(parent, group))
        return rc_err_failed(actor->pool, "the new parent is inside of the group");
    to->name = parent ? apr_pstrcat(actor->pool, parent->name, "/", last, NULL) : last;
    to->parent_id = parent ? parent->id : 0;
    RC_TRY(rc_store_repo_group_update(actor->db, to));
    if (locking)
        RC_TRY(rc_store_tree_set_locking(actor->db, group->id, *locking));
    return strcmp(to->name, group->name) ? move_tree(update, to->name, actor) : NULL;
}

/* Checks in the transaction that the locked directory is still that of the group. */
static rc_err_t *check_locked(const update_t *update, rc_actor_t *actor)
{
    const rc_repo_group_t *group = update->request->group;

    if (!update->request->may_move ||
        (update->locked_name
             ? !strcmp(update->locked_name, group->name)
             : !rc_fs_exists(rc_env_repo_path(actor->env, group->name, actor->pool))))
        return NULL;
    return rc_err_failed(actor->pool, "%s was renamed meanwhile", group->name);
}

static rc_err_t *update_in_txn(rc_actor_t *actor, void *baton)
{
    update_t *update = baton;
    const rc_repo_group_update_t *request = update->request;
    const rc_repo_group_t *group = request->group;
    rc_repo_group_t to = *group;

    if (request->description)
        to.description = request->description;
    RC_TRY(rc_actor_require(actor, group->level, RC_ADMIN));
    RC_TRY(check_locked(update, actor));
    RC_TRY(plan_owner(&to, &request->owner, actor->pool));
    RC_TRY(plan_parent(update, actor));
    RC_TRY(
        change(update, &to, request->last ? request->last : rc_repo_name_last(group->name), actor));
    RC_TRY(rc_disk_txn_apply(update->disk, actor->db));
    return rc_actor_journal_named(
        actor, "user_updated_repo_group", to.name,
        to.owner_id == group->owner_id ? NULL : apr_pstrcat(actor->pool, "owner ", to.owner, NULL));
}

static rc_err_t *take_lock(rc_locks_t *locks, rc_actor_t *actor, void *baton)
{
    const update_t *update = baton;

    return rc_repo_group_lock(locks, actor->env, actor->db, update->request->group);
}

/* Locks the directory before a move. A group without a directory needs no lock: nothing below it
 * can have a writer. */
static rc_err_t *lock_directory(update_t *update, rc_actor_t *actor)
{
    const rc_repo_group_t *group = update->request->group;
    rc_locks_t locks;
    bool there;

    if (!update->request->may_move)
        return NULL;
    RC_TRY(rc_repo_on_disk(&there, actor->env, actor->db, group->name, actor->pool));
    if (!there)
        return NULL;
    update->locked_name = group->name;
    return rc_actor_lock(&locks, actor, take_lock, update);
}

rc_err_t *rc_repo_group_update(rc_actor_t *actor, const rc_repo_group_update_t *request)
{
    update_t update = {.request = request, .disk = rc_disk_txn_begin(actor->env, actor->pool)};
    rc_err_t *err;
    int i;

    RC_TRY(rc_actor_require(actor, request->group->level, RC_ADMIN));
    RC_TRY(lock_directory(&update, actor));
    err = rc_actor_txn(actor, update_in_txn, &update);
    rc_disk_txn_end(update.disk, !err);
    for (i = 0; !err && update.repos && i < update.repos->nelts; i++)
        rc_actor_forget(actor, APR_ARRAY_IDX(update.repos, i, const char *));
    return err;
}
