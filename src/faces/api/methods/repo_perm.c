// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that grant and revoke permissions on repositories (contract 02 §6, old names of §9).
 */
#include "../grant.h"

static rc_err_t *grant_user(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Granted perm: `{perm}` for user: `{userid.name}` in repo: `{repoid.name}`");
}

static rc_err_t *revoke_user(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out, "Revoked perm for user: `{userid.name}` in repo: `{repoid.name}`");
}

static rc_err_t *grant_user_group(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(
        call, out,
        "Granted perm: `{perm}` for group: `{usergroupid.name}` in repo: `{repoid.name}`");
}

static rc_err_t *revoke_user_group(rc_call_t *call, rc_json_t *out)
{
    return rc_grant(call, out,
                    "Revoked perm for group: `{usergroupid.name}` in repo: `{repoid.name}`");
}

#define REPO       RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN)
#define USER_GROUP RC_OBJECT_LAST(RC_P_USERGROUPID, RC_USER_GROUP, RC_READ, "usersgroupid")
#define PERM_LAST                                                                                  \
    {                                                                                              \
        .id = RC_P_PERM, .type = RC_PERM, .def = RC_REQUIRED, .last = true                         \
    }

#define USER_FAILURE "failed to edit permission for user: `{userid}` in repo: `{repoid}`"
#define GRANT_GROUP_FAILURE                                                                        \
    "failed to edit permission for user group: `{usergroupid}` in repo `{repoid.name}`"
#define REVOKE_GROUP_FAILURE                                                                       \
    "failed to edit permission for user group: `{usergroupid.name}` in repo: `{repoid.name}`"

/* clang-format off */
const rc_method_t rc_methods_repo_perm[] = {
    {"grant_user_permission", grant_user, RC_ANYONE, RC_ALONE,
     RC_PARAMS(REPO, RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED), RC_ARG(RC_P_PERM, RC_PERM, RC_REQUIRED)),
     USER_FAILURE, "Grant a user a permission on a repository."},
    {"revoke_user_permission", revoke_user, RC_ANYONE, RC_ALONE,
     RC_PARAMS(REPO, RC_ARG(RC_P_USERID, RC_USER, RC_REQUIRED)),
     USER_FAILURE, "Revoke a user's permission on a repository."},
    {"grant_user_group_permission", grant_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(REPO, USER_GROUP, PERM_LAST),
     GRANT_GROUP_FAILURE, "Grant a user group a permission on a repository."},
    {"revoke_user_group_permission", revoke_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(REPO, USER_GROUP),
     REVOKE_GROUP_FAILURE, "Revoke a user group's permission on a repository."},
    {"grant_users_group_permission", grant_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(REPO, USER_GROUP, PERM_LAST),
     GRANT_GROUP_FAILURE, "Old name of grant_user_group_permission."},
    {"revoke_users_group_permission", revoke_user_group, RC_ANYONE, RC_ALONE,
     RC_PARAMS(REPO, USER_GROUP),
     REVOKE_GROUP_FAILURE, "Old name of revoke_user_group_permission."},
    {.name = NULL},
};
/* clang-format on */
