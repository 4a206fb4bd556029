// SPDX-License-Identifier: Apache-2.0
/*
 * The methods for user groups and their members: get, list, create, update, delete, add, remove
 * (contract 02 §4).
 */
#include "../list.h"

#include <apr_strings.h>

#include "store/group.h"
#include "domain/account.h"

#define FORMAT_ID "%" APR_INT64_T_FMT

static rc_err_t *get_user_group(rc_call_t *call, rc_json_t *out)
{
    const rc_user_group_t *group = rc_arg_user_group(call, RC_P_USERGROUPID);

    return rc_render_user_group(out, call, group, RC_KEYS_MASKED, true);
}

static rc_err_t *get_user_groups(rc_call_t *call, rc_json_t *out)
{
    rc_slice_t page;

    RC_TRY(rc_list_begin(&page, out, call, &rc_list_of_user_groups));
    RC_TRY(rc_render_user_groups(out, call, &page, rc_call_keys(call)));
    rc_list_end(out);
    return NULL;
}

static rc_err_t *answer(rc_call_t *call, const char *before, const char *after, apr_int64_t id,
                        rc_keys_t keys)
{
    rc_json_t *out = call->out;
    rc_user_group_t *group;

    RC_TRY(rc_store_user_group_by_id(&group, call->actor.db, rc_caller_viewer(call->actor.caller),
                                     id, call->pool));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", apr_pstrcat(call->pool, before, group->name, after, NULL));
    rc_json_key(out, "user_group");
    RC_TRY(rc_render_user_group(out, call, group, keys, false));
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *plan_creation(rc_call_t *call, void *baton)
{
    rc_user_group_creation_t *creation = baton;

    *creation = (rc_user_group_creation_t){
        .name = rc_arg_text(call, RC_P_GROUP_NAME),
        .description = rc_arg_text(call, RC_P_DESCRIPTION),
        .active = rc_arg_bool(call, RC_P_ACTIVE),
    };
    return rc_arg_owner(&creation->owner, call);
}

static rc_err_t *answer_creation(rc_call_t *call, void *baton)
{
    const rc_user_group_creation_t *creation = baton;

    return answer(call, "created new user group `", "`", creation->id, RC_KEYS_MASKED);
}

static rc_err_t *create_user_group(rc_call_t *call, rc_json_t *out)
{
    rc_user_group_creation_t creation;

    (void)out;
    RC_TRY(rc_call_plan(call, plan_creation, &creation));
    call->answer = answer_creation;
    return rc_user_group_create(&call->actor, &creation);
}

static rc_err_t *plan_update(rc_call_t *call, void *baton)
{
    *(rc_user_group_update_t *)baton = (rc_user_group_update_t){
        .group = rc_arg_user_group(call, RC_P_USERGROUPID),
        .name = rc_arg_given_text(call, RC_P_GROUP_NAME),
        .description = rc_arg_given_text(call, RC_P_DESCRIPTION),
        .owner = rc_arg_given(call, RC_P_OWNER) ? rc_arg_user(call, RC_P_OWNER) : NULL,
        .active = rc_arg_flag(call, RC_P_ACTIVE),
    };
    return NULL;
}

static rc_err_t *answer_update(rc_call_t *call, void *baton)
{
    const rc_user_group_update_t *update = baton;

    return answer(
        call, apr_psprintf(call->pool, "updated user group ID:" FORMAT_ID " ", update->group->id),
        "", update->group->id, rc_call_keys(call));
}

static rc_err_t *update_user_group(rc_call_t *call, rc_json_t *out)
{
    rc_user_group_update_t update;

    (void)out;
    RC_TRY(rc_call_plan(call, plan_update, &update));
    call->answer = answer_update;
    return rc_user_group_update(&call->actor, &update);
}

static rc_err_t *plan_deletion(rc_call_t *call, void *baton)
{
    rc_membership_t *deletion = baton;

    deletion->group = rc_arg_user_group(call, RC_P_USERGROUPID);
    return NULL;
}

static rc_err_t *delete_user_group(rc_call_t *call, rc_json_t *out)
{
    rc_membership_t deletion = {NULL};

    RC_TRY(rc_call_plan(call, plan_deletion, &deletion));
    RC_TRY(rc_user_group_delete(&call->actor, &deletion));
    rc_json_object_begin(out);
    rc_json_member_string(
        out, "msg",
        rc_call_text(call, "deleted user group ID:{usergroupid.id} {usergroupid.name}"));
    rc_json_member_null(out, "user_group");
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *plan_member(rc_call_t *call, void *baton)
{
    rc_membership_t *member = baton;

    member->group = rc_arg_user_group(call, RC_P_USERGROUPID);
    member->user = rc_arg_user(call, RC_P_USERID);
    return NULL;
}

static void answer_member(rc_json_t *out, rc_call_t *call, bool changed, const char *done,
                          const char *not_done)
{
    rc_json_object_begin(out);
    rc_json_member_bool(out, "success", changed);
    rc_json_member_string(out, "msg", changed ? rc_call_text(call, done) : not_done);
    rc_json_object_end(out);
}

static rc_err_t *add_user_to_user_group(rc_call_t *call, rc_json_t *out)
{
    rc_membership_t member;

    RC_TRY(rc_call_plan(call, plan_member, &member));
    RC_TRY(rc_user_group_add(&call->actor, &member));
    answer_member(out, call, member.changed,
                  "added member `{userid.name}` to user group `{usergroupid.name}`",
                  "User is already in that group");
    return NULL;
}

static rc_err_t *remove_user_from_user_group(rc_call_t *call, rc_json_t *out)
{
    rc_membership_t member;

    RC_TRY(rc_call_plan(call, plan_member, &member));
    RC_TRY(rc_user_group_remove(&call->actor, &member));
    answer_member(out, call, member.changed,
                  "removed member {userid.name} from user group {usergroupid.name}",
                  "User wasn't in group");
    return NULL;
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
    {"get_user_groups", get_user_groups, RC_ANYONE, RC_LISTS, RC_PARAMS(RC_LIST_PARAMS),
     NULL, "Describe all user groups that the caller may read."},
    {"create_user_group", create_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_ARG(RC_P_GROUP_NAME, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_OWNER, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "True")),
     "failed to create group `{group_name}`", "Create a user group."},
    {"update_user_group", update_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(GROUP(RC_ADMIN),
               RC_ARG(RC_P_GROUP_NAME, RC_NAME, "None"),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "None"),
               RC_ARG(RC_P_OWNER, RC_USER, "None"),
               RC_ARG(RC_P_ACTIVE, RC_BOOL, "None")),
     "failed to update user group `{usergroupid}`", "Change a user group."},
    {"delete_user_group", delete_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(GROUP(RC_ADMIN)),
     "failed to delete user group ID:{usergroupid.id} {usergroupid.name}", "Delete a user group."},
    {"add_user_to_user_group", add_user_to_user_group, RC_ANYONE, RC_ALONE, MEMBER_PARAMS,
     ADD_FAILED, "Add a user to a user group."},
    {"remove_user_from_user_group", remove_user_from_user_group, RC_ANYONE, RC_ALONE,
     MEMBER_PARAMS, REMOVE_FAILED, "Remove a user from a user group."},
    {"get_users_group", get_user_group, RC_ANYONE, 0, RC_PARAMS(GROUP(RC_READ)),
     NULL, "get_user_group (old name)."},
    {"get_users_groups", get_user_groups, RC_ANYONE, RC_LISTS, RC_NO_PARAMS,
     NULL, "get_user_groups (old name)."},
    {"add_user_to_users_group", add_user_to_user_group, RC_ANYONE, RC_ALONE, MEMBER_PARAMS,
     ADD_FAILED, "add_user_to_user_group (old name)."},
    {"remove_user_from_users_group", remove_user_from_user_group, RC_ANYONE, RC_ALONE,
     MEMBER_PARAMS, REMOVE_FAILED, "remove_user_from_user_group (old name)."},
    {.name = NULL},
};
/* clang-format on */
