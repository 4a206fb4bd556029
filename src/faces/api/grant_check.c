// SPDX-License-Identifier: Apache-2.0
/*
 * Checks the name of a permission that a call grants.
 */
#include "grant.h"

rc_kind_t rc_grant_kind(const rc_call_t *call)
{
    switch (call->method->params[0].type) {
    case RC_REPO:
        return RC_KIND_REPO;
    case RC_REPO_GROUP:
        return RC_KIND_REPO_GROUP;
    default:
        return RC_KIND_USER_GROUP;
    }
}

rc_err_t *rc_grant_check_name(rc_call_t *call, const char *name)
{
    if (rc_permission_exists(name))
        return NULL;
    return rc_err(call->pool, RC_E_ARG, "permission `%s` does not exist", name);
}

rc_err_t *rc_grant_check_prefix(rc_call_t *call, const char *name)
{
    rc_kind_t kind = rc_grant_kind(call);
    rc_level_t level;

    if (rc_permission_level(&level, kind, name))
        return NULL;
    return rc_err(call->pool, RC_E_ARG, "permission `%s` is invalid, should start with %s", name,
                  rc_permission_prefix(kind));
}
