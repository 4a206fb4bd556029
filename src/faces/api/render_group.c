// SPDX-License-Identifier: Apache-2.0
/*
 * Writes groups as JSON: repo_group_obj and user_group_obj (contract 02 §1.4, §1.5).
 */
#include "method.h"

#include "domain/repo.h"
#include "store/group.h"

/* Writes the members of a user group that come before its users. */
static void write_user_group(rc_json_t *out, const rc_user_group_t *group)
{
    rc_json_member_int(out, "users_group_id", group->id);
    rc_json_member_string(out, "group_name", group->name);
    rc_json_member_string(out, "group_description", group->description);
    rc_json_member_bool(out, "active", group->active);
    rc_json_member_string(out, "owner", group->owner);
    rc_json_key(out, "users");
}

typedef struct group_list_t {
    rc_json_t *out;
    rc_call_t *call;
    rc_keys_t keys;
} group_list_t;

static rc_err_t *begin_user_group(void *baton, const rc_user_group_t *group)
{
    const group_list_t *list = baton;

    rc_json_object_begin(list->out);
    write_user_group(list->out, group);
    rc_json_array_begin(list->out);
    return NULL;
}

static rc_err_t *write_member(void *baton, const rc_user_details_t *details, apr_pool_t *scratch)
{
    const group_list_t *list = baton;

    return rc_render_user_details(list->out, list->call, details, list->keys, scratch);
}

static rc_err_t *end_user_group(void *baton)
{
    const group_list_t *list = baton;

    rc_json_array_end(list->out);
    rc_json_object_end(list->out);
    return rc_json_finish(list->out);
}

rc_err_t *rc_render_user_groups(rc_json_t *out, rc_call_t *call, const rc_slice_t *page,
                                rc_keys_t keys)
{
    static const rc_user_groups_visitor_t full = {begin_user_group, write_member, end_user_group},
                                          bare = {begin_user_group, NULL, end_user_group};
    group_list_t list = {out, call, keys};

    return rc_store_user_groups_each(
        call->actor.db, rc_caller_viewer(call->actor.caller), page, keys == RC_KEYS_CLEAR,
        rc_json_wants(out, "users") ? &full : &bare, &list, call->pool);
}

rc_err_t *rc_render_user_group(rc_json_t *out, rc_call_t *call, const rc_user_group_t *group,
                               rc_keys_t keys, bool full)
{
    rc_json_object_begin(out);
    write_user_group(out, group);
    RC_TRY(rc_render_users(out, call, RC_USERS_IN_GROUP, group->id, keys));
    if (full)
        RC_TRY(rc_render_members(out, call, RC_KIND_USER_GROUP, group->id, "members", NULL));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

rc_err_t *rc_render_repo_group(rc_json_t *out, rc_call_t *call, const rc_repo_group_t *group,
                               const apr_array_header_t *repos, bool full)
{
    rc_json_object_begin(out);
    rc_json_member_int(out, "group_id", group->id);
    rc_json_member_string(out, "group_name", group->name);
    rc_json_member_string(out, "group_description", group->description);
    rc_json_member_string(out, "parent_group", rc_repo_name_parent(group->name, repos->pool));
    rc_json_member_strings(out, "repositories", repos);
    rc_json_member_string(out, "owner", group->owner);
    if (full)
        RC_TRY(rc_render_members(out, call, RC_KIND_REPO_GROUP, group->id, "members", NULL));
    rc_json_object_end(out);
    return rc_json_finish(out);
}
