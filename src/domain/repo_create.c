// SPDX-License-Identifier: Apache-2.0
/*
 * Creates repositories: checks the request, prepares the content without a database connection,
 * checks again, and inserts the row and moves the directory in one transaction.
 */
#include "domain/repo_create.h"

#include <string.h>

#include "domain/disk_transaction.h"
#include "domain/maintenance.h"
#include "domain/repo.h"
#include "store/setting.h"

#define DEFAULT_TYPE "git" /* when neither the request nor a setting names one */

typedef struct making_t {
    const rc_repo_creation_t *request;
    rc_err_t *(*plan)(rc_actor_t *actor, struct making_t *making);
    rc_new_repo_t repo;
    rc_disk_txn_t *disk;
} making_t;

/* Checks that the caller may create a repository in the group that is part of @a name. */
static rc_err_t *check_place(rc_actor_t *actor, const char *name)
{
    const char *parent = rc_repo_name_parent(name, actor->pool);
    rc_repo_group_t *group;
    bool may;

    RC_TRY(rc_actor_require_unscoped(actor));
    RC_TRY(rc_actor_has_global(&may, actor, "hg.create.repository"));
    if (may)
        return NULL;
    if (!parent)
        return rc_err(actor->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
    RC_TRY(rc_store_repo_group_seen_by_name(&group, actor->db, rc_caller_viewer(actor->caller),
                                            parent, actor->pool));
    if (!group || group->level < RC_ADMIN)
        return rc_err(actor->pool, RC_E_ARG, "repository group `%s` does not exist", parent);
    return NULL;
}

/* Sets *@a may to whether the caller may copy the permissions of the group in @a name: only if they
 * may read the group, because the copy reveals them. */
static rc_err_t *may_copy(bool *may, rc_actor_t *actor, const char *name)
{
    const char *parent = rc_repo_name_parent(name, actor->pool);
    rc_repo_group_t *group = NULL;

    if (parent)
        RC_TRY(rc_store_repo_group_by_name(&group, actor->db, rc_caller_viewer(actor->caller),
                                           parent, actor->pool));
    *may = group && group->level >= RC_READ;
    return NULL;
}

/* E-owner */
static rc_err_t *check_owner(rc_actor_t *actor, const rc_owner_t *owner)
{
    if (owner->sent && !actor->caller->admin)
        return rc_err(actor->pool, RC_E_ARG, "Only RhodeCode admin can specify `owner` param");
    return NULL;
}

/* E-user */
static rc_err_t *set_owner(rc_repo_t *row, rc_actor_t *actor, const rc_owner_t *owner)
{
    if (owner->sent && !owner->user)
        return rc_err(actor->pool, RC_E_ARG, "user `%s` does not exist", owner->sent);
    row->owner_id = owner->user ? owner->user->id : actor->caller->user_id;
    return NULL;
}

/* Checks that the name is free. A fork that the caller may not read is reported as a repository. */
static rc_err_t *check_free(rc_actor_t *actor, const rc_repo_creation_t *request)
{
    rc_repo_t *taken;

    RC_TRY(rc_store_repo_by_name(&taken, actor->db, rc_caller_viewer(actor->caller), request->name,
                                 actor->pool));
    if (!taken)
        return NULL;
    return rc_err(actor->pool, RC_E_ARG, "%s `%s` already exist",
                  request->source && taken->level && taken->fork_of ? "fork" : "repo",
                  request->name);
}

static rc_err_t *set_texts(rc_repo_t *row, rc_actor_t *actor, const rc_repo_creation_t *request)
{
    row->landing_rev = request->landing_rev;
    row->description = request->description;
    RC_TRY(rc_repo_name_check(row->name, actor->pool));
    if (!strchr(row->landing_rev, ':'))
        return rc_err_failed(actor->pool, "landing_rev has no colon, as in rev:tip");
    return NULL;
}

static void choose_flag(bool *flag, const bool *wanted)
{
    if (wanted)
        *flag = *wanted;
}

static rc_err_t *set_flags(rc_repo_t *row, rc_actor_t *actor, const rc_repo_creation_t *request)
{
    RC_TRY(rc_repo_defaults(row, actor->db, actor->pool));
    choose_flag(&row->private_, request->private_);
    choose_flag(&row->enable_statistics, request->enable_statistics);
    choose_flag(&row->enable_locking, request->enable_locking);
    choose_flag(&row->enable_downloads, request->enable_downloads);
    return NULL;
}

static rc_err_t *set_type(rc_repo_t *row, rc_actor_t *actor, const rc_repo_creation_t *request)
{
    row->type = request->type;
    if (!row->type)
        RC_TRY(rc_store_setting(&row->type, actor->db, "default_repo_type", actor->pool));
    if (!row->type)
        row->type = DEFAULT_TYPE;
    return NULL;
}

/* Makes the checks of create_repo in the contract's order, and fills the row from the request. */
static rc_err_t *plan_new(rc_actor_t *actor, making_t *making)
{
    const rc_repo_creation_t *request = making->request;
    rc_new_repo_t *repo = &making->repo;
    rc_repo_t *row = &repo->row;
    bool may;

    RC_TRY(check_place(actor, request->name));
    RC_TRY(check_owner(actor, &request->owner));
    RC_TRY(set_owner(row, actor, &request->owner));
    RC_TRY(check_free(actor, request));
    row->name = request->name;
    RC_TRY(set_type(row, actor, request));
    RC_TRY(set_texts(row, actor, request));
    if (!rc_vcs_known_type(row->type))
        return rc_err_failed(actor->pool, "%s", rc_vcs_unknown_type(row->type, actor->pool));
    if (!*row->description)
        row->description = rc_repo_name_last(row->name);
    RC_TRY(set_flags(row, actor, request));
    RC_TRY(may_copy(&may, actor, row->name));
    repo->copy_permissions = may && request->copy_permissions;
    repo->clone_uri = request->clone_uri && *request->clone_uri ? request->clone_uri : NULL;
    return NULL;
}

/* Makes the checks of fork_repo and fills the row. Inside of the transaction the source must still
 * be the repository that was copied. */
static rc_err_t *plan_fork(rc_actor_t *actor, making_t *making)
{
    const rc_repo_creation_t *request = making->request;
    const rc_repo_t *source = request->source, *copied = making->repo.source;
    rc_repo_t *row = &making->repo.row;

    RC_TRY(rc_actor_require_global(actor, "hg.fork.repository"));
    RC_TRY(rc_actor_require(actor, source->level, RC_READ));
    RC_TRY(check_owner(actor, &request->owner));
    RC_TRY(check_place(actor, request->name));
    RC_TRY(check_free(actor, request));
    RC_TRY(set_owner(row, actor, &request->owner));
    if (copied && (copied->id != source->id || strcmp(copied->name, source->name)))
        return rc_err_failed(actor->pool, "%s was replaced or renamed while it was copied",
                             source->name);
    making->repo.source = source;
    making->repo.copy_permissions = request->copy_permissions;
    row->name = request->name;
    row->type = source->type;
    choose_flag(&row->private_, request->private_);
    return set_texts(row, actor, request);
}

static rc_err_t *insert_repo(rc_actor_t *actor, void *baton)
{
    making_t *making = baton;
    rc_new_repo_t *repo = &making->repo;
    const rc_repo_t *row = &repo->row;

    RC_TRY(making->plan(actor, making));
    if (repo->clone_uri) /* sealed inside of the transaction: see src/domain/secret.c */
        RC_TRY(rc_repo_set_clone_uri(&repo->row, actor->env, repo->clone_uri, actor->pool));
    RC_TRY(rc_repo_insert(repo, actor->db, actor->pool));
    if (repo->source)
        RC_TRY(rc_actor_journal(actor, repo->source, "user_forked_repo", row->name));
    RC_TRY(rc_actor_journal(actor, row, repo->source ? "user_created_fork" : "user_created_repo",
                            NULL));
    return rc_disk_txn_apply(making->disk, actor->db);
}

static rc_err_t *prepare_repo(rc_actor_t *actor, void *baton)
{
    making_t *making = baton;

    RC_TRY(rc_repo_prepare(&making->repo, actor->env, &actor->work, actor->pool));
    return rc_disk_txn_made(making->disk, making->repo.path);
}

static rc_err_t *make_repo(rc_actor_t *actor, making_t *making)
{
    rc_new_repo_t *repo = &making->repo;
    rc_err_t *err;

    making->disk = rc_disk_txn_begin(actor->env, actor->pool);
    RC_TRY(making->plan(actor, making));
    if (repo->source || repo->clone_uri)
        RC_TRY(rc_actor_wait(actor, prepare_repo, making));
    else
        RC_TRY(rc_actor_away(actor, prepare_repo, making));
    rc_disk_txn_add(making->disk, repo->path,
                    rc_env_repo_path(actor->env, repo->row.name, actor->pool));
    err = rc_actor_txn(actor, insert_repo, making);
    rc_disk_txn_end(making->disk, !err);
    if (!err)
        rc_maintenance_later(actor->env, &repo->row);
    return err;
}

rc_err_t *rc_repo_create(rc_actor_t *actor, const rc_repo_creation_t *request)
{
    making_t making = {.request = request, .plan = plan_new};

    return make_repo(actor, &making);
}

static rc_err_t *check_remote(rc_actor_t *actor, void *baton)
{
    const rc_new_repo_t *repo = &((making_t *)baton)->repo;
    rc_remote_policy_t policy = actor->env->config->remote;

    policy.work = &actor->work;
    return rc_vcs_check_remote(repo->row.type, &policy, repo->clone_uri, actor->pool);
}

static rc_err_t *plan_again(rc_actor_t *actor, void *baton)
{
    making_t *making = baton;

    return making->plan(actor, making);
}

/* Makes all checks that need no long work, and has the rest done by a task. */
static rc_err_t *make_later(rc_actor_t *actor, making_t *making, rc_task_order_t *order)
{
    RC_TRY(making->plan(actor, making));
    if (making->repo.clone_uri)
        RC_TRY(rc_actor_wait(actor, check_remote, making));
    return rc_task_add(actor, order, plan_again, making);
}

rc_err_t *rc_repo_create_later(rc_actor_t *actor, const rc_repo_creation_t *request,
                               rc_task_order_t *order)
{
    making_t making = {.request = request, .plan = plan_new};

    return make_later(actor, &making, order);
}

rc_err_t *rc_repo_fork_later(rc_actor_t *actor, const rc_repo_creation_t *request,
                             rc_task_order_t *order)
{
    making_t making = {.request = request, .plan = plan_fork};

    return make_later(actor, &making, order);
}

rc_err_t *rc_repo_fork(rc_actor_t *actor, const rc_repo_creation_t *request)
{
    making_t making = {.request = request, .plan = plan_fork};

    return make_repo(actor, &making);
}
