// SPDX-License-Identifier: Apache-2.0
/*
 * Repository groups (contract 02 §7, §10 delete_repo_group).
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "store/group.h"
#include "domain/repo_group.h"
#include "domain/repo.h"

#define MAY_CREATE "hg.repogroup.create.true"

static rc_err_t *get_repo_group(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_group_t *group = rc_arg_repo_group(call, RC_P_REPOGROUPID);
    apr_array_header_t *repos;

    RC_TRY(rc_store_repo_group_repos(&repos, call->actor.db, call->actor.caller->user_id, group->id,
                                     call->pool));
    return rc_render_repo_group(out, call, group, repos, true);
}

typedef struct list_t {
    rc_json_t *out;
    rc_call_t *call;
} list_t;

static rc_err_t *write_group(void *baton, const rc_repo_group_t *group,
                             const apr_array_header_t *repos)
{
    list_t *list = baton;

    return rc_render_repo_group(list->out, list->call, group, repos, false);
}

static rc_err_t *get_repo_groups(rc_call_t *call, rc_json_t *out)
{
    list_t list = {out, call};

    rc_json_array_begin(out);
    RC_TRY(rc_store_repo_groups_each(call->actor.db, call->actor.caller->user_id, write_group,
                                     &list, call->pool));
    rc_json_array_end(out);
    return NULL;
}

/* What a change needs beside its call: it is made in a transaction that also renames. */
typedef struct change_t {
    rc_json_t *out;
    rc_disk_txn_t *moves;
    const char *path;          /* of a new group's directory */
    const char *locked_name;   /* of a group that may be renamed, when its directory is locked */
    apr_array_header_t *repos; /* names that repositories had before; or NULL */
} change_t;

static rc_err_t *run_change(change_t *change, rc_call_t *call,
                            rc_err_t *(*fn)(rc_call_t *call, void *baton))
{
    rc_err_t *err;

    err = rc_call_txn(call, fn, change);
    rc_disk_txn_end(change->moves, !err);
    return err;
}

/* Answers @a group, a row read after the change. */
static rc_err_t *answer(rc_json_t *out, rc_call_t *call, const char *msg,
                        const rc_repo_group_t *group)
{
    apr_array_header_t *repos;

    RC_TRY(rc_store_repo_group_repos(&repos, call->actor.db, call->actor.caller->user_id, group->id,
                                     call->pool));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", msg);
    rc_json_key(out, "repo_group");
    RC_TRY(rc_render_repo_group(out, call, group, repos, false));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

/* May the caller make a group here? A parent that he may not see is one that does not exist. */
static rc_err_t *find_parent(rc_repo_group_t **out, rc_call_t *call, const char *name)
{
    const char *path = rc_repo_name_parent(name, call->pool);
    rc_repo_group_t *parent = NULL;
    bool may;

    RC_TRY(rc_call_has_global(&may, call, MAY_CREATE));
    if (path && may)
        RC_TRY(rc_store_repo_group_by_name(&parent, call->actor.db, call->actor.caller->user_id,
                                           path, call->pool));
    else if (path)
        RC_TRY(rc_store_repo_group_seen_by_name(&parent, call->actor.db,
                                                call->actor.caller->user_id, path, call->pool));
    if (path && !parent)
        return rc_err(call->pool, RC_E_ARG, "repository group `%s` does not exist", path);
    if (!may && (!parent || parent->level < RC_ADMIN))
        return rc_err(call->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
    *out = parent;
    return NULL;
}

/* The path of the new group. Kallithea's clients send its parent beside the name. */
static rc_err_t *full_name(const char **name, rc_call_t *call)
{
    rc_repo_group_t *parent;

    *name = rc_repo_name_clean(rc_arg_text(call, RC_P_GROUP_NAME), call->pool);
    if (!rc_arg_given(call, RC_P_PARENT) || !*rc_arg_sent(call, RC_P_PARENT))
        return NULL;
    RC_TRY(rc_find_repo_group(&parent, call, rc_arg_json(call, RC_P_PARENT)));
    if (!parent)
        return rc_err(call->pool, RC_E_ARG, "repository group `%s` does not exist",
                      rc_arg_sent(call, RC_P_PARENT));
    *name = apr_pstrcat(call->pool, parent->name, "/", *name, NULL);
    return NULL;
}

/* The checks of create_repo_group. That a name is taken is told to those who may create it only,
 * so it comes behind their right. */
static rc_err_t *plan_group(rc_new_repo_group_t *group, rc_call_t *call)
{
    const char *description = rc_arg_text(call, RC_P_DESCRIPTION), *name;
    rc_repo_group_t *parent = NULL, *taken;
    rc_user_t *owner;

    RC_TRY(full_name(&name, call));
    rc_arg_rename(call, RC_P_GROUP_NAME, name);
    RC_TRY(find_parent(&parent, call, name));
    RC_TRY(rc_store_repo_group_by_name(&taken, call->actor.db, call->actor.caller->user_id, name,
                                       call->pool));
    if (taken)
        return rc_err(call->pool, RC_E_ARG, "repo group `%s` already exist", name);
    if (rc_arg_given(call, RC_P_OWNER))
        RC_TRY(rc_find_user(&owner, call, rc_arg_json(call, RC_P_OWNER)));
    else
        RC_TRY(
            rc_store_user_by_id(&owner, call->actor.db, call->actor.caller->user_id, call->pool));
    if (!owner)
        return rc_err_failed(call->pool, "unknown owner");
    group->owner = owner;
    group->row.name = name;
    group->row.description = *description ? description : name;
    group->row.parent_id = parent ? parent->id : 0;
    group->copy_permissions = /* of what the caller may see */
        parent && parent->level >= RC_READ && rc_arg_bool(call, RC_P_COPY_PERMISSIONS);
    return NULL;
}

static rc_err_t *create_in_txn(rc_call_t *call, void *baton)
{
    change_t *change = baton;
    rc_new_repo_group_t group = {.path = change->path};
    rc_repo_group_t *made;

    RC_TRY(plan_group(&group, call));
    RC_TRY(
        rc_model_repo_group_create(&group, call->env, call->actor.db, change->moves, call->pool));
    RC_TRY(rc_disk_txn_apply(change->moves, call->actor.db));
    RC_TRY(rc_call_journal(call, NULL, "user_created_repo_group", group.row.name));
    RC_TRY(rc_store_repo_group_by_id(&made, call->actor.db, call->actor.caller->user_id,
                                     group.row.id, call->pool));
    return answer(change->out, call,
                  apr_psprintf(call->pool, "Created new repo group `%s`", made->name), made);
}

static rc_err_t *create_repo_group(rc_call_t *call, rc_json_t *out)
{
    rc_new_repo_group_t group = {.path = NULL};
    change_t change = {.out = out, .moves = rc_disk_txn_begin(call->env, call->pool)};
    const char *work;

    RC_TRY(plan_group(&group, call));
    RC_TRY(rc_work_dir(&work, call->env, call->pool));
    change.path = apr_pstrcat(call->pool, work, "/new", NULL);
    RC_TRY(rc_fs_make_folders(change.path, call->pool));
    RC_TRY(rc_disk_txn_made(change.moves, change.path));
    return run_change(&change, call, create_in_txn);
}

/* The parent that a group shall have: the argument, if it was sent, else the one it has. Who moves
 * a group needs the right to make one there. */
static rc_err_t *new_parent(rc_repo_group_t **parent, rc_call_t *call, const rc_repo_group_t *group)
{
    const char *path = rc_repo_name_parent(group->name, call->pool);
    const char *id = apr_psprintf(call->pool, "%" APR_INT64_T_FMT, group->parent_id);
    bool given = rc_arg_given(call, RC_P_PARENT) && *rc_arg_sent(call, RC_P_PARENT), may = true;

    *parent = NULL;
    if (!rc_arg_present(call, RC_P_PARENT) || (path && given &&
                                               (!strcmp(rc_arg_sent(call, RC_P_PARENT), path) ||
                                                !strcmp(rc_arg_sent(call, RC_P_PARENT), id)))) {
        if (path) /* it stays there, though the caller may not see the parent */
            RC_TRY(rc_store_repo_group_by_id(parent, call->actor.db, call->actor.caller->user_id,
                                             group->parent_id, call->pool));
        return NULL;
    }
    if (given) {
        RC_TRY(rc_find_repo_group(parent, call, rc_arg_json(call, RC_P_PARENT)));
        if (!*parent)
            return rc_err_failed(call->pool, "unknown parent");
        may = (*parent)->level >= RC_ADMIN;
    } else if (group->parent_id) {
        RC_TRY(rc_call_has_global(&may, call, MAY_CREATE));
    }
    return may ? NULL : rc_err_failed(call->pool, "no right to move a group there");
}

static rc_err_t *new_owner(apr_int64_t *owner_id, rc_call_t *call)
{
    rc_user_t *owner;

    if (!rc_arg_given(call, RC_P_OWNER))
        return NULL;
    RC_TRY(rc_find_user(&owner, call, rc_arg_json(call, RC_P_OWNER)));
    if (!owner)
        return rc_err_failed(call->pool, "unknown owner");
    *owner_id = owner->id;
    return NULL;
}

static bool may_be_renamed(const rc_call_t *call)
{
    return rc_arg_present(call, RC_P_GROUP_NAME) || rc_arg_present(call, RC_P_PARENT);
}

static rc_err_t *lock_group(rc_locks_t *locks, rc_actor_t *actor, void *baton)
{
    return rc_model_repo_group_lock(locks, actor->env, actor->db, baton);
}

/* A group without a directory has nothing below it that anybody could be at work in. */
static rc_err_t *lock_directory(rc_call_t *call, change_t *change)
{
    const rc_repo_group_t *group = rc_arg_repo_group(call, RC_P_REPOGROUPID);
    rc_locks_t locks;
    bool there;

    if (!may_be_renamed(call))
        return NULL;
    RC_TRY(rc_model_repo_on_disk(&there, call->env, call->actor.db, group->name, call->pool));
    if (!there)
        return NULL;
    change->locked_name = group->name;
    return rc_actor_lock(&locks, &call->actor, lock_group, (void *)group);
}

/* In the transaction: is it still the directory that is locked? */
static rc_err_t *check_locked(rc_call_t *call, const change_t *change)
{
    const rc_repo_group_t *group = rc_arg_repo_group(call, RC_P_REPOGROUPID);

    if (!may_be_renamed(call) ||
        (change->locked_name ? !strcmp(change->locked_name, group->name)
                             : !rc_fs_exists(rc_env_repo_path(call->env, group->name, call->pool))))
        return NULL;
    return rc_err_failed(call->pool, "%s was renamed meanwhile", group->name);
}

static rc_err_t *update_in_txn(rc_call_t *call, void *baton)
{
    const rc_repo_group_t *group = rc_arg_repo_group(call, RC_P_REPOGROUPID);
    bool enable_locking = rc_arg_bool(call, RC_P_ENABLE_LOCKING);
    change_t *change = baton;
    rc_repo_group_t *parent, *updated;
    rc_repo_group_change_t to = {
        .last = rc_repo_name_last(group->name),
        .description = group->description,
        .owner_id = group->owner_id,
        .enable_locking = rc_arg_given(call, RC_P_ENABLE_LOCKING) ? &enable_locking : NULL,
    };

    if (rc_arg_given(call, RC_P_GROUP_NAME))
        to.last = rc_arg_text(call, RC_P_GROUP_NAME);
    if (rc_arg_given(call, RC_P_DESCRIPTION))
        to.description = rc_arg_text(call, RC_P_DESCRIPTION);
    RC_TRY(check_locked(call, change));
    RC_TRY(new_owner(&to.owner_id, call));
    RC_TRY(new_parent(&parent, call, group));
    to.parent = parent;
    RC_TRY(rc_model_repo_group_update(&change->repos, group, &to, call->env, call->actor.db,
                                      change->moves, call->pool));
    RC_TRY(rc_disk_txn_apply(change->moves, call->actor.db));
    RC_TRY(rc_store_repo_group_by_id(&updated, call->actor.db, call->actor.caller->user_id,
                                     group->id, call->pool));
    RC_TRY(rc_call_journal_named(call, "user_updated_repo_group", updated->name,
                                 updated->owner_id == group->owner_id
                                     ? NULL
                                     : apr_pstrcat(call->pool, "owner ", updated->owner, NULL)));
    return answer(change->out, call,
                  apr_psprintf(call->pool, "updated repository group ID:%" APR_INT64_T_FMT " %s",
                               updated->id, updated->name),
                  updated);
}

static rc_err_t *update_repo_group(rc_call_t *call, rc_json_t *out)
{
    change_t change = {.out = out, .moves = rc_disk_txn_begin(call->env, call->pool)};
    int i;

    RC_TRY(lock_directory(call, &change));
    RC_TRY(run_change(&change, call, update_in_txn));
    for (i = 0; i < change.repos->nelts; i++)
        rc_vcs_pool_forget(
            call->env->vcs_pool,
            rc_env_repo_path(call->env, APR_ARRAY_IDX(change.repos, i, const char *), call->pool));
    return NULL;
}

static rc_err_t *delete_in_txn(rc_call_t *call, void *baton)
{
    const rc_repo_group_t *group = rc_arg_repo_group(call, RC_P_REPOGROUPID);
    change_t *change = baton;
    rc_json_t *out = change->out;

    RC_TRY(rc_model_repo_group_delete(group, call->env, call->actor.db, change->moves, call->pool));
    RC_TRY(rc_call_journal(call, NULL, "user_deleted_repo_group", group->name));
    RC_TRY(rc_disk_txn_apply(change->moves, call->actor.db));
    rc_json_object_begin(out);
    rc_json_member_string(
        out, "msg",
        rc_call_text(call, "deleted repo group ID:{repogroupid.id} {repogroupid.name}"));
    rc_json_member_null(out, "repo_group");
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *delete_repo_group(rc_call_t *call, rc_json_t *out)
{
    change_t change = {.out = out, .moves = rc_disk_txn_begin(call->env, call->pool)};

    return run_change(&change, call, delete_in_txn);
}

#define GROUP(level) RC_OBJECT(RC_P_REPOGROUPID, RC_REPO_GROUP, RC_REQUIRED, level)

/* clang-format off */
const rc_method_t rc_methods_repo_group[] = {
    {"get_repo_group", get_repo_group, RC_ANYONE, 0, RC_PARAMS(GROUP(RC_READ)),
     NULL, "Describe a repository group, its repositories and rights on it."},
    {"get_repo_groups", get_repo_groups, RC_ANYONE, 0, RC_NO_PARAMS,
     NULL, "Describe all repository groups that the caller may read."},
    {"create_repo_group", create_repo_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_GROUP_NAME, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_OWNER, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_PARENT, RC_ANY, "None"),
               RC_ARG(RC_P_COPY_PERMISSIONS, RC_BOOL, "False")),
     "failed to create repo group `{group_name}`", "Create a repository group."},
    {"update_repo_group", update_repo_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(GROUP(RC_ADMIN),
               RC_ARG(RC_P_GROUP_NAME, RC_NAME, "None"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "None"),
               RC_ARG(RC_P_OWNER, RC_ANY, "None"),
               RC_ARG(RC_P_PARENT, RC_ANY, "None"),
               RC_ARG(RC_P_ENABLE_LOCKING, RC_BOOL, "None")),
     "failed to update repository group `{repogroupid}`",
     "Change, rename or move a repository group."},
    {"delete_repo_group", delete_repo_group, RC_ANYONE, RC_ALONE, RC_PARAMS(GROUP(RC_ADMIN)),
     "failed to delete repo group ID:{repogroupid.id} {repogroupid.name}",
     "Delete an empty repository group."},
    {.name = NULL},
};
/* clang-format on */
