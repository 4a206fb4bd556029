// SPDX-License-Identifier: Apache-2.0
/*
 * The method maintenance, which RhodeCode has from 4.10 on (contract 06 §6).
 */
#include "../later.h"

#include "domain/maintenance.h"

static rc_err_t *maintain_later(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    rc_task_order_t order;

    RC_TRY(rc_call_order(&order, call));
    RC_TRY(rc_repo_maintain_later(&call->actor, repo, &order));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", "executing maintenance command");
    rc_json_member_strings(out, "executed_actions", NULL);
    rc_json_member_string(out, "repository", repo->name);
    rc_json_member_string(out, "task", order.name);
    rc_json_object_end(out);
    return NULL;
}

static rc_err_t *maintenance(rc_call_t *call, rc_json_t *out)
{
    const rc_maintenance_t request = {.repo = rc_arg_repo(call, RC_P_REPOID)};
    apr_array_header_t *actions;

    if (rc_arg_bool(call, RC_P_BACKGROUND))
        return maintain_later(call, out);
    RC_TRY(rc_repo_maintain(&actions, &call->actor, &request));
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", "executed maintenance command");
    rc_json_member_strings(out, "executed_actions", actions);
    rc_json_member_string(out, "repository", request.repo->name);
    rc_json_object_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_maintenance[] = {
    {"maintenance", maintenance, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG(RC_P_BACKGROUND, RC_BOOL, "False")),
     "Unable to execute maintenance on `{repoid.name}`",
     "Pack a repository, index it for fast clones, and remove what nothing needs."},
    {.name = NULL},
};
/* clang-format on */
