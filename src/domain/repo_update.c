// SPDX-License-Identifier: Apache-2.0
/*
 * Changes a repository: its name, group, parent, texts and flags (contract 02 §5 update_repo).
 */
#include "domain/repo_change.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/disk_transaction.h"
#include "owner.h"
#include "domain/repo.h"
#include "repo_field.h"
#include "store/repo_change.h"
#include "store/user.h"

typedef struct update_t {
    const rc_repo_update_t *request;
    const rc_repo_t *from;
    rc_repo_t to;
    const char *group;          /* the name of the new group; NULL = top level */
    rc_level_t group_level;     /* the caller's level on it */
    apr_array_header_t *fields; /* extra fields to set, or NULL */
    const char *locked_name;    /* the name of the repository when it was locked, or NULL */
    rc_disk_txn_t *disk;
} update_t;

/* --- reading and checking the request --- */

/* True when @a sent names the current group, which the request may name even if the caller may not
 * read it. */
static bool stays(const update_t *update, const char *sent, apr_pool_t *pool)
{
    const rc_repo_t *from = update->from;
    const char *parent = rc_repo_name_parent(from->name, pool);

    return parent && (!strcmp(sent, parent) ||
                      !strcmp(sent, apr_psprintf(pool, "%" APR_INT64_T_FMT, from->group_id)));
}

/* Check 3. A group that the caller may not read does not exist for them: otherwise the answer would
 * reveal the name of an id. */
static rc_err_t *set_group(update_t *update, const rc_repo_group_t *group, const char *sent,
                           apr_pool_t *pool)
{
    if (!group && !stays(update, sent, pool))
        return rc_err(pool, RC_E_ARG, "repository group `%s` does not exist", sent);
    if (!group) {
        update->group = rc_repo_name_parent(update->from->name, pool);
        update->group_level = RC_NONE;
        return NULL;
    }
    update->group = group->name;
    update->group_level = group->level;
    update->to.group_id = group->id;
    return NULL;
}

static rc_err_t *find_group(update_t *update, apr_pool_t *pool)
{
    const rc_repo_update_t *request = update->request;

    update->group = rc_repo_name_parent(update->from->name, pool);
    update->group_level = RC_NONE;
    if (!request->group_sent)
        return NULL;
    if (*request->group_sent)
        return set_group(update, request->group, request->group_sent, pool);
    update->group = NULL;
    update->to.group_id = 0;
    return NULL;
}

/* Finds the last part of the new name. A path also sets the group, unless the request names one. */
static rc_err_t *find_last(const char **last, update_t *update, rc_actor_t *actor)
{
    const rc_repo_update_t *request = update->request;
    rc_repo_group_t *group;
    const char *parent;

    *last = request->last ? request->last
                          : rc_repo_name_last(request->path ? request->path : update->from->name);
    if (request->last || !request->path)
        return NULL;
    parent = rc_repo_name_parent(request->path, actor->pool);
    if (!parent || request->group_sent)
        return NULL;
    RC_TRY(rc_store_repo_group_seen_by_name(&group, actor->db, rc_caller_viewer(actor->caller),
                                            parent, actor->pool));
    return set_group(update, group, parent, actor->pool);
}

/* Check 4. */
static rc_err_t *find_parent(update_t *update, apr_pool_t *pool)
{
    const rc_repo_update_t *request = update->request;

    if (request->parent_sent && !request->parent)
        return rc_err(pool, RC_E_ARG, "repository `%s` does not exist", request->parent_sent);
    if (request->parent)
        update->to.fork_id = request->parent->id;
    return NULL;
}

/* Finds the new name and group, and checks that the caller may move the repository there. */
static rc_err_t *plan_place(update_t *update, rc_actor_t *actor)
{
    const char *last;
    bool may_anywhere;

    RC_TRY(rc_actor_has_global(&may_anywhere, actor, "hg.create.repository"));
    RC_TRY(find_group(update, actor->pool));
    RC_TRY(find_last(&last, update, actor));
    RC_TRY(find_parent(update, actor->pool));
    if (update->to.group_id != update->from->group_id && !may_anywhere &&
        update->group_level < RC_ADMIN)
        return rc_err_failed(actor->pool, "no right to move it there");
    if (strchr(last, '/'))
        return rc_err_failed(actor->pool, "the name has a slash: a path goes into repo_name");
    if (!rc_repo_part_usable(last))
        return rc_err_failed(actor->pool, "the name is empty, hidden or reserved");
    if (update->group)
        last = apr_pstrcat(actor->pool, update->group, "/", last, NULL);
    update->to.name = last;
    return NULL;
}

static rc_err_t *plan_owner(update_t *update, apr_pool_t *pool)
{
    const rc_owner_t *owner = &update->request->owner;

    RC_TRY(rc_owner_check(owner, pool));
    if (!owner->user)
        return NULL;
    update->to.owner_id = owner->user->id;
    update->to.owner = owner->user->username;
    return NULL;
}

static rc_err_t *plan_texts(update_t *update, rc_actor_t *actor)
{
    const rc_repo_update_t *request = update->request;
    const char *uri = request->clone_uri;
    rc_repo_t *to = &update->to;

    if (request->description)
        to->description = request->description;
    if (request->landing_rev)
        to->landing_rev = request->landing_rev;
    if (!strchr(to->landing_rev, ':'))
        return rc_err_failed(actor->pool, "landing_rev without a colon");
    if (!request->has_uri)
        return NULL;
    if (!uri || !*uri)
        return rc_repo_set_clone_uri(to, actor->env, NULL, actor->pool);
    if (to->clone_uri && !strcmp(to->clone_uri, uri))
        return NULL; /* the masked URI, as answers show it: unchanged */
    return rc_repo_set_clone_uri(to, actor->env, uri, actor->pool);
}

static void plan_flags(update_t *update)
{
    const rc_repo_update_t *request = update->request;
    const struct {
        const bool *wanted;
        bool *flag;
    } flags[] = {
        {request->private_, &update->to.private_},
        {request->enable_statistics, &update->to.enable_statistics},
        {request->enable_locking, &update->to.enable_locking},
        {request->enable_downloads, &update->to.enable_downloads},
    };
    apr_size_t i;

    for (i = 0; i < sizeof(flags) / sizeof(*flags); i++)
        if (flags[i].wanted)
            *flags[i].flag = *flags[i].wanted;
}

static rc_err_t *plan(update_t *update, rc_actor_t *actor)
{
    update->from = update->request->repo;
    update->to = *update->from;
    RC_TRY(rc_actor_require(actor, update->from->level, RC_ADMIN));
    RC_TRY(plan_place(update, actor));
    RC_TRY(plan_owner(update, actor->pool));
    plan_flags(update);
    return plan_texts(update, actor);
}

/* --- the change --- */

static bool is_renamed(const update_t *update)
{
    return strcmp(update->from->name, update->to.name) != 0;
}

static rc_err_t *check_name(const rc_repo_t *to, rc_db_t *db, apr_pool_t *pool)
{
    rc_repo_group_t *same;

    RC_TRY(rc_repo_name_check(to->name, pool));
    RC_TRY(rc_store_repo_group_by_name(&same, db, rc_viewer_user(to->owner_id), to->name, pool));
    return same ? rc_err_failed(pool, "%s is a group", to->name) : NULL;
}

/* Rejects a parent that is the repository itself or one of its forks. */
static rc_err_t *check_parent(const rc_repo_t *to, rc_db_t *db, apr_pool_t *pool)
{
    apr_array_header_t *below;
    int i;

    RC_TRY(rc_store_repo_with_forks(&below, db, to->id, pool));
    for (i = 0; i < below->nelts; i++)
        if (APR_ARRAY_IDX(below, i, rc_named_t).id == to->fork_id)
            return rc_err_failed(pool, "%s would be a fork of itself", to->name);
    return NULL;
}

static rc_err_t *close_to_all(rc_db_t *db, apr_int64_t repo_id, apr_pool_t *pool)
{
    rc_user_t *anyone;

    RC_TRY(rc_store_user_by_name(&anyone, db, RC_DEFAULT_USER, pool));
    if (!anyone)
        return NULL;
    return rc_rule_grant_user(db, RC_KIND_REPO, repo_id, anyone->id, RC_NONE);
}

/* Changes the row and, with a new name, the directory. */
static rc_err_t *change(update_t *update, rc_actor_t *actor)
{
    const rc_repo_t *from = update->from, *to = &update->to;
    const bool *private_ = update->request->private_;

    if (is_renamed(update))
        RC_TRY(check_name(to, actor->db, actor->pool));
    if (to->fork_id != from->fork_id)
        RC_TRY(check_parent(to, actor->db, actor->pool));
    RC_TRY(rc_err_conflict(rc_store_repo_update(actor->db, to),
                           "there is a repository of this name already"));
    if (private_ && *private_)
        RC_TRY(close_to_all(actor->db, to->id, actor->pool));
    if (!is_renamed(update))
        return NULL;
    rc_disk_txn_add(update->disk, rc_env_repo_path(actor->env, from->name, actor->pool),
                    rc_env_repo_path(actor->env, to->name, actor->pool));
    return rc_disk_txn_apply(update->disk, actor->db);
}

/* Describes for the journal what changed in the rights: owner, private or not; NULL: nothing. */
static const char *describe_update(const update_t *update, apr_pool_t *pool)
{
    const rc_repo_t *from = update->from, *to = &update->to;
    const char *private_ = to->private_ ? "private" : "not private";
    const char *owner = apr_pstrcat(pool, "owner ", to->owner, NULL);

    if (to->owner_id == from->owner_id)
        return to->private_ == from->private_ ? NULL : private_;
    return to->private_ == from->private_ ? owner : apr_pstrcat(pool, owner, ", ", private_, NULL);
}

static rc_err_t *update_in_txn(rc_actor_t *actor, void *baton)
{
    update_t *update = baton;

    RC_TRY(plan(update, actor));
    if (is_renamed(update) &&
        (!update->locked_name || strcmp(update->locked_name, update->from->name)))
        return rc_err_failed(actor->pool, "%s was renamed meanwhile", update->from->name);
    if (update->fields)
        RC_TRY(rc_repo_fields_set(actor->db, update->from->id, update->fields));
    RC_TRY(change(update, actor));
    return rc_actor_journal(actor, &update->to, "user_updated_repo",
                            describe_update(update, actor->pool));
}

static rc_err_t *check_uri(rc_actor_t *actor, void *baton)
{
    const update_t *update = baton;
    rc_remote_policy_t policy = actor->env->config->remote;

    policy.work = &actor->work;
    return rc_vcs_check_remote(update->from->type, &policy, update->request->clone_uri,
                               actor->pool);
}

/* Does the slow parts before the transaction: checks the remote, and locks the directory. */
static rc_err_t *prepare_update(update_t *update, rc_actor_t *actor)
{
    const rc_repo_update_t *request = update->request;
    const char *uri = request->clone_uri;
    const rc_repo_t *from;
    rc_locks_t locks;

    RC_TRY(plan(update, actor));
    if (request->fields)
        RC_TRY(rc_repo_fields_read(&update->fields, request->fields, actor->pool));
    from = update->from;
    if (uri && *uri && (!from->clone_uri || strcmp(uri, from->clone_uri)))
        RC_TRY(rc_actor_wait(actor, check_uri, update));
    if (!is_renamed(update))
        return NULL;
    update->locked_name = from->name;
    return rc_actor_lock_repo(&locks, actor, from);
}

rc_err_t *rc_repo_update(rc_actor_t *actor, const rc_repo_update_t *request)
{
    update_t update = {.request = request, .disk = rc_disk_txn_begin(actor->env, actor->pool)};
    rc_err_t *err;

    RC_TRY(prepare_update(&update, actor));
    err = rc_actor_txn(actor, update_in_txn, &update);
    rc_disk_txn_end(update.disk, !err);
    if (!err && update.locked_name)
        rc_actor_forget(actor, update.locked_name);
    return err;
}
