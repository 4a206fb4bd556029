// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that grant and revoke permissions on repository groups and on what is below them
 * (contract 02 §7, 01 §7).
 */
#include "../grant.h"

static rc_err_t *grant_user(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Granted perm: `{perm}` (recursive:{apply_to_children}) for user: "
                    "`{userid.name}` in repo group: `{repogroupid.last}`");
}

static rc_err_t *revoke_user(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Revoked perm (recursive:{apply_to_children}) for user: `{userid.name}` in "
                    "repo group: `{repogroupid.last}`");
}

static rc_err_t *grant_user_group(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Granted perm: `{perm}` (recursive:{apply_to_children}) for user group: "
                    "`{usergroupid.name}` in repo group: `{repogroupid.last}`");
}

static rc_err_t *revoke_user_group(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Revoked perm (recursive:{apply_to_children}) for user group: "
                    "`{usergroupid.name}` in repo group: `{repogroupid.last}`");
}

#define GROUP      RC_OBJECT(RC_P_REPOGROUPID, RC_REPO_GROUP, RC_REQUIRED, RC_ADMIN)
#define USER       RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED)
#define USER_GROUP RC_OBJECT_LAST(RC_P_USERGROUPID, RC_USER_GROUP, RC_READ, "usersgroupid")
#define CHILDREN   RC_ARG(RC_P_APPLY_TO_CHILDREN, RC_TEXT, "'none'")
#define USER_FAILED                                                                                \
    "failed to edit permission for user: `{userid}` in repo group: `{repogroupid.last}`"

/* clang-format off */
const rc_method_t rc_methods_repo_group_perm[] = {
    {"grant_user_permission_to_repo_group", grant_user, RC_ANYONE, RC_ALONE,
     RC_PARAMS(GROUP, USER, RC_ARG(RC_P_PERM, RC_PERM, RC_REQUIRED), CHILDREN),
     USER_FAILED, "Grant a user a right on a repository group."},
    {"revoke_user_permission_from_repo_group", revoke_user, RC_ANYONE, RC_ALONE,
     RC_PARAMS(GROUP, USER, CHILDREN),
     USER_FAILED, "Revoke a user's right on a repository group."},
    {"grant_user_group_permission_to_repo_group", grant_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(GROUP, USER_GROUP, RC_ARG(RC_P_PERM, RC_PERM, RC_REQUIRED), CHILDREN),
     "failed to edit permission for user group: `{usergroupid}` in repo group: `{repogroupid.last}`",
     "Grant a user group a right on a repository group."},
    {"revoke_user_group_permission_from_repo_group", revoke_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(GROUP,
               RC_OBJECT2(RC_P_USERGROUPID, RC_USER_GROUP, RC_REQUIRED, RC_READ, "usersgroupid"),
               CHILDREN),
     "failed to edit permission for user group: `{usergroupid.name}` in repo group: "
     "`{repogroupid.last}`",
     "Revoke a user group's right on a repository group."},
    {.name = NULL},
};
/* clang-format on */
