// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that grant and revoke permissions on user groups (contract 02 §4).
 */
#include "../grant.h"

static rc_err_t *grant_user(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Granted perm: `{perm}` for user: `{userid.name}` in user group: "
                    "`{usergroupid.name}`");
}

static rc_err_t *revoke_user(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Revoked perm for user: `{userid.name}` in user group: `{usergroupid.name}`");
}

static rc_err_t *grant_user_group(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Granted perm: `{perm}` for user group: `{sourceusergroupid.name}` in user "
                    "group: `{usergroupid.name}`");
}

static rc_err_t *revoke_user_group(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Revoked perm for user group: `{sourceusergroupid.name}` in user group: "
                    "`{usergroupid.name}`");
}

#define TARGET RC_OBJECT2(RC_P_USERGROUPID, RC_USER_GROUP, RC_REQUIRED, RC_ADMIN, "usersgroupid")
/* The contract's error text begins with "to ". */
#define TARGET_OF_GROUP                                                                            \
    {                                                                                              \
        .id = RC_P_USERGROUPID, .type = RC_USER_GROUP, .def = RC_REQUIRED, .need = RC_ADMIN,       \
        .alias = "usersgroupid", .lead = "to "                                                     \
    }
#define SOURCE RC_OBJECT(RC_P_SOURCEUSERGROUPID, RC_USER_GROUP, RC_REQUIRED, RC_READ)

#define USER_FAILED                                                                                \
    "failed to edit permission for user: `{userid}` in user group: `{usergroupid.name}`"
#define GROUP_FAILED                                                                               \
    "failed to edit permission for user group: `{sourceusergroupid}` in user group: "              \
    "`{usergroupid.name}`"

/* clang-format off */
const rc_method_t rc_methods_user_group_perm[] = {
    {"grant_user_permission_to_user_group", grant_user, RC_ANYONE, RC_ALONE,
     RC_PARAMS(TARGET,
               RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED),
               RC_ARG(RC_P_PERM, RC_PERM, RC_REQUIRED)),
     USER_FAILED, "Grant a user a right on a user group."},
    {"revoke_user_permission_from_user_group", revoke_user, RC_ANYONE, RC_ALONE,
     RC_PARAMS(TARGET,
               RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED)),
     USER_FAILED, "Revoke a user's right on a user group."},
    {"grant_user_group_permission_to_user_group", grant_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(TARGET_OF_GROUP, SOURCE,
               RC_ARG(RC_P_PERM, RC_PERM, RC_REQUIRED)),
     GROUP_FAILED, "Grant a user group a right on a user group."},
    {"revoke_user_group_permission_from_user_group", revoke_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(TARGET_OF_GROUP, SOURCE),
     GROUP_FAILED, "Revoke a user group's right on a user group."},
    {.name = NULL},
};
/* clang-format on */
