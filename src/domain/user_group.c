// SPDX-License-Identifier: Apache-2.0
/*
 * Creates, changes and deletes user groups, and adds and removes their members.
 */
#include "domain/user_group.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/account.h"
#include "store/group.h"
#include "owner.h"
#include "domain/repo.h"
#include "base/text.h"

#define NAME_LIMIT 255

rc_err_t *rc_user_group_name_check(const char *name, apr_pool_t *pool)
{
    if (!*name)
        return rc_err_failed(pool, "the name is empty");
    if (rc_text_characters(name) > NAME_LIMIT)
        return rc_err_failed(pool, "the name is longer than %d characters", NAME_LIMIT);
    if (rc_text_digits(*name == '_' ? name + 1 : name))
        return rc_err_failed(pool, "the name is all digits, like an id");
    if (rc_text_has_control(name))
        return rc_err_failed(pool, "the name holds a control character");
    return NULL;
}

rc_err_t *rc_user_group_insert(rc_user_group_t *group, rc_db_t *db, apr_pool_t *pool)
{
    RC_TRY(rc_user_group_name_check(group->name, pool));
    RC_TRY(rc_store_user_group_insert(group, db));
    RC_TRY(rc_grant_everyone(db, RC_KIND_USER_GROUP, group->id, false, pool));
    return rc_rule_grant_user(db, RC_KIND_USER_GROUP, group->id, group->owner_id, RC_ADMIN);
}

rc_err_t *rc_user_group_change(rc_db_t *db, const rc_user_group_t *from, const rc_user_group_t *to,
                               apr_pool_t *pool)
{
    if (strcmp(from->name, to->name))
        RC_TRY(rc_user_group_name_check(to->name, pool));
    return rc_err_conflict(rc_store_user_group_update(db, to),
                           "there is a user group of this name already");
}

/* --- use cases --- */

static rc_err_t *check_create(rc_actor_t *actor, const rc_user_group_creation_t *request)
{
    rc_user_group_t *taken;

    RC_TRY(rc_actor_require_global(actor, "hg.usergroup.create.true"));
    RC_TRY(rc_store_user_group_by_name(&taken, actor->db, rc_caller_viewer(actor->caller),
                                       request->name, actor->pool));
    if (taken)
        return rc_err(actor->pool, RC_E_ARG, "user group `%s` already exist", request->name);
    return rc_owner_check(&request->owner, actor->pool);
}

static rc_err_t *create_user_group(rc_actor_t *actor, void *baton)
{
    rc_user_group_creation_t *request = baton;
    const rc_user_t *owner = request->owner.user;
    rc_user_group_t group = {.name = request->name,
                             .description = request->description,
                             .owner_id = owner ? owner->id : actor->caller->user_id,
                             .active = request->active};

    RC_TRY(check_create(actor, request));
    RC_TRY(rc_user_group_insert(&group, actor->db, actor->pool));
    request->id = group.id;
    return rc_actor_journal(actor, NULL, "admin_created_users_group", group.name);
}

rc_err_t *rc_user_group_create(rc_actor_t *actor, rc_user_group_creation_t *request)
{
    return rc_actor_txn(actor, create_user_group, request);
}

static rc_err_t *update(rc_actor_t *actor, void *baton)
{
    const rc_user_group_update_t *request = *(const rc_user_group_update_t **)baton;
    const rc_user_group_t *from = request->group;
    rc_user_group_t to = *from;
    const char *what = NULL;

    RC_TRY(rc_actor_require(actor, from->level, RC_ADMIN));
    if (request->name)
        to.name = request->name;
    if (request->description)
        to.description = request->description;
    if (request->owner)
        to.owner_id = request->owner->id;
    if (request->active)
        to.active = *request->active;
    RC_TRY(rc_user_group_change(actor->db, from, &to, actor->pool));
    if (to.owner_id != from->owner_id)
        what = apr_pstrcat(actor->pool, "owner ", request->owner->username, NULL);
    return rc_actor_journal_named(actor, "admin_updated_users_group", to.name, what);
}

rc_err_t *rc_user_group_update(rc_actor_t *actor, const rc_user_group_update_t *request)
{
    return rc_actor_txn(actor, update, &request);
}

/* Rejects a group that has permissions. The message names only objects that the caller may read;
 * when there are none, the error is RC_E_FAILED. */
static rc_err_t *check_unassigned(rc_actor_t *actor, apr_int64_t id)
{
    apr_array_header_t *names;
    bool assigned;

    RC_TRY(rc_store_user_group_assigned(&assigned, &names, actor->db,
                                        rc_caller_viewer(actor->caller), id, actor->pool));
    if (names->nelts)
        return rc_err(actor->pool, RC_E_ARG, "RepoGroup assigned to %s",
                      apr_array_pstrcat(actor->pool, names, ','));
    return assigned ? rc_err_failed(actor->pool, "the user group is assigned") : NULL;
}

static rc_err_t *delete_group(rc_actor_t *actor, void *baton)
{
    const rc_user_group_t *group = (*(const rc_membership_t **)baton)->group;

    RC_TRY(rc_actor_require(actor, group->level, RC_ADMIN));
    RC_TRY(check_unassigned(actor, group->id));
    RC_TRY(rc_store_user_group_delete(actor->db, group->id));
    return rc_actor_journal(actor, NULL, "admin_deleted_users_group", group->name);
}

rc_err_t *rc_user_group_delete(rc_actor_t *actor, const rc_membership_t *request)
{
    return rc_actor_txn(actor, delete_group, &request);
}

static rc_err_t *tell(rc_actor_t *actor, const rc_membership_t *request, const char *verb)
{
    if (!request->changed)
        return NULL;
    return rc_actor_journal_named(
        actor, "admin_updated_users_group", request->group->name,
        apr_pstrcat(actor->pool, verb, " user ", request->user->username, NULL));
}

static rc_err_t *add_member(rc_actor_t *actor, void *baton)
{
    rc_membership_t *request = baton;

    RC_TRY(rc_actor_require(actor, request->group->level, RC_ADMIN));
    RC_TRY(rc_store_user_group_add_user(&request->changed, actor->db, request->group->id,
                                        request->user->id));
    return tell(actor, request, "added");
}

rc_err_t *rc_user_group_add(rc_actor_t *actor, rc_membership_t *request)
{
    return rc_actor_txn(actor, add_member, request);
}

static rc_err_t *remove_user(rc_actor_t *actor, void *baton)
{
    rc_membership_t *request = baton;

    RC_TRY(rc_actor_require(actor, request->group->level, RC_ADMIN));
    RC_TRY(rc_store_user_group_remove_user(&request->changed, actor->db, request->group->id,
                                           request->user->id));
    return tell(actor, request, "removed");
}

rc_err_t *rc_user_group_remove(rc_actor_t *actor, rc_membership_t *request)
{
    return rc_actor_txn(actor, remove_user, request);
}
