// SPDX-License-Identifier: Apache-2.0
/*
 * Creates and deletes repository groups with their directories (contract 02 §7 and §10, 01 §5 and
 * §6).
 */
#include "domain/repo_group.h"

#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "domain/disk_transaction.h"
#include "domain/repo.h"
#include "domain/scan.h"
#include "owner.h"
#include "repo_group_tree.h"
#include "store/group.h"

#define MAY_CREATE "hg.repogroup.create.true"

typedef struct making_t {
    rc_repo_group_creation_t *request;
    rc_repo_group_t row;
    const rc_user_t *owner;
    bool copy_permissions;
    const char *path; /* an empty directory in .rc_tmp, which becomes that of the group */
    rc_disk_txn_t *disk;
} making_t;

/* Finds the parent and checks that the caller may create a group in it. A parent that they may not
 * read is reported as missing. */
static rc_err_t *find_parent(rc_repo_group_t **out, rc_actor_t *actor, const char *name)
{
    const char *path = rc_repo_name_parent(name, actor->pool);
    rc_viewer_t viewer = rc_caller_viewer(actor->caller);
    rc_repo_group_t *parent = NULL;
    bool may;

    RC_TRY(rc_actor_require_unscoped(actor));
    RC_TRY(rc_actor_has_global(&may, actor, MAY_CREATE));
    if (path && may)
        RC_TRY(rc_store_repo_group_by_name(&parent, actor->db, viewer, path, actor->pool));
    else if (path)
        RC_TRY(rc_store_repo_group_seen_by_name(&parent, actor->db, viewer, path, actor->pool));
    if (path && !parent)
        return rc_err(actor->pool, RC_E_ARG, "repository group `%s` does not exist", path);
    if (!may && (!parent || parent->level < RC_ADMIN))
        return rc_err(actor->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
    *out = parent;
    return NULL;
}

/* Makes the checks of create_repo_group. The right is checked before the name, so that only callers
 * who may create a group learn that the name exists. */
static rc_err_t *plan(making_t *making, rc_actor_t *actor)
{
    const rc_repo_group_creation_t *request = making->request;
    rc_repo_group_t *parent = NULL, *taken, *row = &making->row;

    if (request->parent_sent && !request->parent)
        return rc_err(actor->pool, RC_E_ARG, "repository group `%s` does not exist",
                      request->parent_sent);
    RC_TRY(find_parent(&parent, actor, request->name));
    RC_TRY(rc_store_repo_group_by_name(&taken, actor->db, rc_caller_viewer(actor->caller),
                                       request->name, actor->pool));
    if (taken)
        return rc_err(actor->pool, RC_E_ARG, "repo group `%s` already exist", request->name);
    RC_TRY(rc_owner_find(&making->owner, actor, &request->owner));
    row->name = request->name;
    row->description = *request->description ? request->description : request->name;
    row->parent_id = parent ? parent->id : 0;
    row->owner_id = making->owner->id;
    making->copy_permissions = /* the copy reveals permissions: only of groups they may read */
        parent && parent->level >= RC_READ && request->copy_permissions;
    return NULL;
}

/* Sets permissions as contract 01 §5 and §6 say. An owner who is a super-admin needs no row. */
static rc_err_t *set_permissions(const making_t *making, rc_db_t *db, apr_pool_t *pool)
{
    const rc_user_t *owner = making->owner;
    apr_int64_t id = making->row.id;

    if (making->copy_permissions && making->row.parent_id)
        RC_TRY(
            rc_store_repo_group_copy(db, id, making->row.parent_id, owner->admin ? 0 : owner->id));
    else
        RC_TRY(rc_grant_everyone(db, RC_KIND_REPO_GROUP, id, false, pool));
    return owner->admin ? NULL
                        : rc_rule_grant_user(db, RC_KIND_REPO_GROUP, id, owner->id, RC_ADMIN);
}

/* True for a directory that is not a repository itself; it may contain repositories. */
static bool is_free_folder(const char *path, apr_pool_t *pool)
{
    struct stat st;

    return !lstat(path, &st) && S_ISDIR(st.st_mode) && !rc_is_repository(path, pool);
}

static rc_err_t *create_group(rc_actor_t *actor, void *baton)
{
    making_t *making = baton;
    const char *path;

    RC_TRY(plan(making, actor));
    path = rc_env_repo_path(actor->env, making->row.name, actor->pool);
    RC_TRY(rc_repo_group_check_name(actor->db, making->row.name, making->owner->id, actor->pool));
    RC_TRY(rc_store_repo_group_insert(&making->row, actor->db));
    RC_TRY(set_permissions(making, actor->db, actor->pool));
    if (!is_free_folder(path, actor->pool)) /* an existing directory becomes that of the group */
        rc_disk_txn_add(making->disk, making->path, path);
    RC_TRY(rc_disk_txn_apply(making->disk, actor->db));
    making->request->id = making->row.id;
    return rc_actor_journal(actor, NULL, "user_created_repo_group", making->row.name);
}

rc_err_t *rc_repo_group_create(rc_actor_t *actor, rc_repo_group_creation_t *request)
{
    making_t making = {.request = request, .disk = rc_disk_txn_begin(actor->env, actor->pool)};
    const char *work;
    rc_err_t *err;

    RC_TRY(plan(&making, actor));
    RC_TRY(rc_work_dir(&work, actor->env, actor->pool));
    making.path = apr_pstrcat(actor->pool, work, "/new", NULL);
    RC_TRY(rc_fs_make_folders(making.path, actor->pool));
    RC_TRY(rc_disk_txn_made(making.disk, making.path));
    err = rc_actor_txn(actor, create_group, &making);
    rc_disk_txn_end(making.disk, !err);
    return err;
}

typedef struct deletion_t {
    const rc_repo_group_deletion_t *request;
    rc_disk_txn_t *disk;
} deletion_t;

static rc_err_t *delete_group(rc_actor_t *actor, void *baton)
{
    const deletion_t *deletion = baton;
    const rc_repo_group_t *group = deletion->request->group;
    const char *last = rc_repo_name_last(group->name);

    RC_TRY(rc_actor_require(actor, group->level, RC_ADMIN));
    RC_TRY(rc_err_conflict(rc_store_repo_group_delete(actor->db, group->id),
                           "repositories or groups are in it"));
    RC_TRY(rc_repo_group_move(group->name,
                              rc_repo_name_removed(RC_REMOVED_GROUP, last, actor->pool), actor,
                              deletion->disk));
    RC_TRY(rc_actor_journal(actor, NULL, "user_deleted_repo_group", group->name));
    return rc_disk_txn_apply(deletion->disk, actor->db);
}

rc_err_t *rc_repo_group_delete(rc_actor_t *actor, const rc_repo_group_deletion_t *request)
{
    deletion_t deletion = {request, rc_disk_txn_begin(actor->env, actor->pool)};
    rc_err_t *err = rc_actor_txn(actor, delete_group, &deletion);

    rc_disk_txn_end(deletion.disk, !err);
    return err;
}
