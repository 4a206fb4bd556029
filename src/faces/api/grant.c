// SPDX-License-Identifier: Apache-2.0
/*
 * Grants and revokes permissions: the common body of the methods for all kinds of objects.
 */
#include "grant.h"

#include <string.h>

#include "domain/account.h"

/* Returns the argument of the row's parameter number @a index. */
static const rc_arg_t *arg_at(const rc_call_t *call, int index)
{
    return &call->args[call->method->params[index].id];
}

/* Returns the kinds of objects below a repository group that change, too (contract 01 §7). */
static unsigned below(rc_call_t *call)
{
    const char *text;

    if (!rc_has_param(call, RC_P_APPLY_TO_CHILDREN))
        return 0;
    text = rc_arg_text(call, RC_P_APPLY_TO_CHILDREN);
    rc_arg_rename(call, RC_P_APPLY_TO_CHILDREN, text); /* messages show the default, too */
    if (!strcmp(text, "all"))
        return RC_BELOW_REPOS | RC_BELOW_GROUPS;
    if (!strcmp(text, "repos"))
        return RC_BELOW_REPOS;
    return !strcmp(text, "groups") ? RC_BELOW_GROUPS : 0;
}

static rc_err_t *plan(rc_call_t *call, void *baton)
{
    rc_granting_t *granting = baton;
    bool grants = rc_has_param(call, RC_P_PERM);
    rc_kind_t kind = rc_grant_kind(call);

    *granting = (rc_granting_t){
        .grant = {.kind = kind,
                  .object_id = arg_at(call, 0)->id,
                  .to_group = call->method->params[1].type == RC_USER_GROUP,
                  .grantee_id = arg_at(call, 1)->id},
        .below = below(call),
        .perm = grants ? rc_arg_text(call, RC_P_PERM) : NULL,
        .to = arg_at(call, 1)->name,
        .repo = kind == RC_KIND_REPO ? arg_at(call, 0)->row : NULL,
        .name = arg_at(call, 0)->name,
    };
    if (granting->below)
        granting->also = rc_arg_text(call, RC_P_APPLY_TO_CHILDREN);
    if (grants)
        rc_permission_level(&granting->grant.level, kind, granting->perm);
    return NULL;
}

rc_err_t *rc_grant(rc_call_t *call, rc_json_t *out, const char *msg)
{
    rc_granting_t granting;

    RC_TRY(rc_call_plan(call, plan, &granting));
    RC_TRY(rc_right_set(&call->actor, &granting));
    return rc_call_answer_success(out, call, msg);
}
