// SPDX-License-Identifier: Apache-2.0
/*
 * Writes groups as JSON: repo_group_obj and user_group_obj (contract 02 §1.4, §1.5).
 */
#include "method.h"

#include "domain/repo.h"

rc_err_t *rc_render_user_group(rc_json_t *out, rc_call_t *call, const rc_user_group_t *group,
                               rc_keys_t keys, bool full)
{
    rc_json_object_begin(out);
    rc_json_member_int(out, "users_group_id", group->id);
    rc_json_member_string(out, "group_name", group->name);
    rc_json_member_string(out, "group_description", group->description);
    rc_json_member_bool(out, "active", group->active);
    rc_json_member_string(out, "owner", group->owner);
    rc_json_key(out, "users");
    RC_TRY(rc_render_users(out, call, RC_USERS_IN_GROUP, group->id, keys));
    if (full)
        RC_TRY(rc_render_members(out, call, RC_KIND_USER_GROUP, group->id, "members", NULL));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

rc_err_t *rc_render_repo_group(rc_json_t *out, rc_call_t *call, const rc_repo_group_t *group,
                               const apr_array_header_t *repos, bool full)
{
    int i;

    rc_json_object_begin(out);
    rc_json_member_int(out, "group_id", group->id);
    rc_json_member_string(out, "group_name", group->name);
    rc_json_member_string(out, "group_description", group->description);
    rc_json_member_string(out, "parent_group", rc_repo_name_parent(group->name, repos->pool));
    rc_json_key(out, "repositories");
    rc_json_array_begin(out);
    for (i = 0; i < repos->nelts; i++)
        rc_json_string(out, APR_ARRAY_IDX(repos, i, const char *));
    rc_json_array_end(out);
    rc_json_member_string(out, "owner", group->owner);
    if (full)
        RC_TRY(rc_render_members(out, call, RC_KIND_REPO_GROUP, group->id, "members", NULL));
    rc_json_object_end(out);
    return rc_json_finish(out);
}
