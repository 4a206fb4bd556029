// SPDX-License-Identifier: Apache-2.0
/*
 * User groups and the users in them (contract 02 §4).
 */
#include "../method.h"

#include <apr_strings.h>

#include "store/group.h"
#include "domain/user_group.h"

#define FORMAT_ID "%" APR_INT64_T_FMT

static rc_keys_t keys_for(const rc_call_t *call)
{
    return call->actor.caller->admin ? RC_KEYS_CLEAR : RC_KEYS_MASKED;
}

static rc_err_t *get_user_group(rc_call_t *call, rc_json_t *out)
{
    const rc_user_group_t *group = rc_arg_user_group(call, RC_P_USERGROUPID);

    return rc_render_user_group(out, call, group, RC_KEYS_MASKED, true);
}

typedef struct list_t {
    rc_json_t *out;
    rc_call_t *call;
} list_t;

static rc_err_t *write_group(void *baton, const rc_user_group_t *group, apr_pool_t *scratch)
{
    list_t *list = baton;

    (void)scratch;
    return rc_render_user_group(list->out, list->call, group, keys_for(list->call), false);
}

static rc_err_t *get_user_groups(rc_call_t *call, rc_json_t *out)
{
    list_t list = {out, call};

    rc_json_array_begin(out);
    RC_TRY(rc_store_user_groups_each(call->actor.db, call->actor.caller->user_id, write_group,
                                     &list, call->pool));
    rc_json_array_end(out);
    return NULL;
}

static rc_err_t *answer(rc_json_t *out, rc_call_t *call, const char *msg, apr_int64_t id,
                        rc_keys_t keys)
{
    rc_user_group_t *group;

    RC_TRY(rc_store_user_group_by_id(&group, call->actor.db, call->actor.caller->user_id, id,
                                     call->pool));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", msg);
    rc_json_key(out, "user_group");
    RC_TRY(rc_render_user_group(out, call, group, keys, false));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *check_create(rc_call_t *call, const char *name)
{
    rc_user_group_t *taken;
    bool may;

    RC_TRY(rc_call_has_global(&may, call, "hg.usergroup.create.true"));
    if (!may)
        return rc_err(call->pool, RC_E_FORBIDDEN, RC_MSG_FORBIDDEN);
    RC_TRY(rc_store_user_group_by_name(&taken, call->actor.db, call->actor.caller->user_id, name,
                                       call->pool));
    if (taken)
        return rc_err(call->pool, RC_E_ARG, "user group `%s` already exist", name);
    return NULL;
}

static rc_err_t *create_user_group(rc_call_t *call, rc_json_t *out)
{
    rc_user_group_t group = {
        .name = rc_arg_text(call, RC_P_GROUP_NAME),
        .description = rc_arg_text(call, RC_P_DESCRIPTION),
        .owner_id = call->actor.caller->user_id,
        .active = rc_arg_bool(call, RC_P_ACTIVE),
    };
    rc_user_t *owner;

    RC_TRY(check_create(call, group.name));
    if (rc_arg_given(call, RC_P_OWNER)) {
        RC_TRY(rc_find_user(&owner, call, rc_arg_json(call, RC_P_OWNER)));
        if (!owner)
            return rc_err_failed(call->pool, "unknown owner");
        group.owner_id = owner->id;
    }
    RC_TRY(rc_model_user_group_create(&group, call->actor.db, call->pool));
    RC_TRY(rc_call_journal(call, NULL, "admin_created_users_group", group.name));
    return answer(out, call, apr_psprintf(call->pool, "created new user group `%s`", group.name),
                  group.id, RC_KEYS_MASKED);
}

static rc_err_t *update_user_group(rc_call_t *call, rc_json_t *out)
{
    const rc_user_group_t *from = rc_arg_user_group(call, RC_P_USERGROUPID);
    rc_user_group_t to = *from;

    if (rc_arg_given(call, RC_P_GROUP_NAME))
        to.name = rc_arg_text(call, RC_P_GROUP_NAME);
    if (rc_arg_given(call, RC_P_DESCRIPTION))
        to.description = rc_arg_text(call, RC_P_DESCRIPTION);
    if (rc_arg_given(call, RC_P_OWNER))
        to.owner_id = rc_arg_user(call, RC_P_OWNER)->id;
    if (rc_arg_given(call, RC_P_ACTIVE))
        to.active = rc_arg_bool(call, RC_P_ACTIVE);
    RC_TRY(rc_model_user_group_update(call->actor.db, from, &to, call->pool));
    RC_TRY(rc_call_journal_named(
        call, "admin_updated_users_group", to.name,
        to.owner_id == from->owner_id ? NULL : rc_call_text(call, "owner {owner.name}")));
    return answer(
        out, call,
        apr_psprintf(call->pool, "updated user group ID:" FORMAT_ID " %s", to.id, to.name), to.id,
        keys_for(call));
}

/* A caller is told no names of what he may not read; if that leaves none, he gets the failure. */
static rc_err_t *check_unassigned(rc_call_t *call, apr_int64_t id)
{
    apr_array_header_t *names;
    bool assigned;

    RC_TRY(rc_store_user_group_assigned(&assigned, &names, call->actor.db,
                                        call->actor.caller->user_id, id, call->pool));
    if (names->nelts)
        return rc_err(call->pool, RC_E_ARG, "RepoGroup assigned to %s",
                      apr_array_pstrcat(call->pool, names, ','));
    return assigned ? rc_err_failed(call->pool, "the user group is assigned") : NULL;
}

static rc_err_t *delete_user_group(rc_call_t *call, rc_json_t *out)
{
    const rc_user_group_t *group = rc_arg_user_group(call, RC_P_USERGROUPID);

    RC_TRY(check_unassigned(call, group->id));
    RC_TRY(rc_store_user_group_delete(call->actor.db, group->id));
    RC_TRY(rc_call_journal(call, NULL, "admin_deleted_users_group", group->name));
    rc_json_object_begin(out);
    rc_json_member_string(
        out, "msg",
        rc_call_text(call, "deleted user group ID:{usergroupid.id} {usergroupid.name}"));
    rc_json_member_null(out, "user_group");
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *answer_change(rc_json_t *out, rc_call_t *call, bool changed, const char *journal,
                               const char *done, const char *not_done)
{
    const char *group = rc_arg_user_group(call, RC_P_USERGROUPID)->name;

    if (changed)
        RC_TRY(rc_call_journal_named(call, "admin_updated_users_group", group,
                                     rc_call_text(call, journal)));
    rc_json_object_begin(out);
    rc_json_member_bool(out, "success", changed);
    rc_json_member_string(out, "msg", changed ? rc_call_text(call, done) : not_done);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *add_user_to_user_group(rc_call_t *call, rc_json_t *out)
{
    bool changed;

    RC_TRY(rc_store_user_group_add_user(&changed, call->actor.db,
                                        rc_arg_user_group(call, RC_P_USERGROUPID)->id,
                                        rc_arg_user(call, RC_P_USERID)->id));
    return answer_change(out, call, changed, "added user {userid.name}",
                         "added member `{userid.name}` to user group `{usergroupid.name}`",
                         "User is already in that group");
}

static rc_err_t *remove_user_from_user_group(rc_call_t *call, rc_json_t *out)
{
    bool changed;

    RC_TRY(rc_store_user_group_remove_user(&changed, call->actor.db,
                                           rc_arg_user_group(call, RC_P_USERGROUPID)->id,
                                           rc_arg_user(call, RC_P_USERID)->id));
    return answer_change(out, call, changed, "removed user {userid.name}",
                         "removed member {userid.name} from user group {usergroupid.name}",
                         "User wasn't in group");
}

/* Parameters and failure texts that a method and its old name share. */
#define GROUP(level)  RC_OBJECT2(RC_P_USERGROUPID, RC_USER_GROUP, RC_REQUIRED, level, "usersgroupid")
#define MEMBER_PARAMS RC_PARAMS(GROUP(RC_ADMIN), RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED))
#define ADD_FAILED    "failed to add member to user group `{usergroupid.name}`"
#define REMOVE_FAILED "failed to remove member from user group `{usergroupid.name}`"

/* clang-format off */
const rc_method_t rc_methods_user_group[] = {
    {"get_user_group", get_user_group, RC_ANYONE, 0, RC_PARAMS(GROUP(RC_READ)),
     NULL, "Describe a user group, its users and rights on it."},
    {"get_user_groups", get_user_groups, RC_ANYONE, 0, RC_NO_PARAMS,
     NULL, "Describe all user groups that the caller may read."},
    {"create_user_group", create_user_group, RC_ANYONE, RC_WRITES,
     RC_PARAMS(RC_ARG(RC_P_GROUP_NAME, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_OWNER, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "True")),
     "failed to create group `{group_name}`", "Create a user group."},
    {"update_user_group", update_user_group, RC_ANYONE, RC_WRITES,
     RC_PARAMS(GROUP(RC_ADMIN),
               RC_ARG(RC_P_GROUP_NAME, RC_NAME, "None"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "None"),
               RC_ARG(RC_P_OWNER, RC_USER, "None"),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "None")),
     "failed to update user group `{usergroupid}`", "Change a user group."},
    {"delete_user_group", delete_user_group, RC_ANYONE, RC_WRITES,
     RC_PARAMS(GROUP(RC_ADMIN)),
     "failed to delete user group ID:{usergroupid.id} {usergroupid.name}", "Delete a user group."},
    {"add_user_to_user_group", add_user_to_user_group, RC_ANYONE, RC_WRITES, MEMBER_PARAMS,
     ADD_FAILED, "Add a user to a user group."},
    {"remove_user_from_user_group", remove_user_from_user_group, RC_ANYONE, RC_WRITES,
     MEMBER_PARAMS, REMOVE_FAILED, "Remove a user from a user group."},
    {"get_users_group", get_user_group, RC_ANYONE, 0, RC_PARAMS(GROUP(RC_READ)),
     NULL, "get_user_group (old name)."},
    {"get_users_groups", get_user_groups, RC_ANYONE, 0, RC_NO_PARAMS,
     NULL, "get_user_groups (old name)."},
    {"add_user_to_users_group", add_user_to_user_group, RC_ANYONE, RC_WRITES, MEMBER_PARAMS,
     ADD_FAILED, "add_user_to_user_group (old name)."},
    {"remove_user_from_users_group", remove_user_from_user_group, RC_ANYONE, RC_WRITES,
     MEMBER_PARAMS, REMOVE_FAILED, "remove_user_from_user_group (old name)."},
    {.name = NULL},
};
/* clang-format on */
