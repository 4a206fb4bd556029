// SPDX-License-Identifier: Apache-2.0
/*
 * The method fork_repo: creates a repository as a copy of another one (contract 02 §5).
 */
#include "../later.h"

#include "base/text.h"
#include "domain/repo.h"
#include "domain/repo_create.h"

static rc_err_t *plan_fork(rc_call_t *call, void *baton)
{
    rc_repo_creation_t *fork = baton;

    *fork = (rc_repo_creation_t){
        .source = rc_arg_repo(call, RC_P_REPOID),
        .name = rc_text_clean_path(rc_arg_text(call, RC_P_FORK_NAME), call->pool),
        .description = rc_arg_text(call, RC_P_DESCRIPTION),
        .landing_rev = rc_arg_text(call, RC_P_LANDING_REV),
        .private_ = rc_arg_flag(call, RC_P_PRIVATE),
        .copy_permissions = rc_arg_bool(call, RC_P_COPY_PERMISSIONS),
    };
    rc_arg_rename(call, RC_P_FORK_NAME, fork->name);
    return rc_arg_owner(&fork->owner, call);
}

#define FORKED "Created fork of `{repoid.name}` as `{fork_name}`"

static rc_err_t *answer_forked(rc_call_t *call, void *unused)
{
    (void)unused;
    return rc_call_answer_task(call->out, call, FORKED, NULL);
}

static rc_err_t *fork_repo(rc_call_t *call, rc_json_t *out)
{
    rc_repo_creation_t fork;
    rc_task_order_t order;

    RC_TRY(rc_call_plan(call, plan_fork, &fork));
    if (rc_arg_bool(call, RC_P_BACKGROUND)) {
        RC_TRY(rc_call_order(&order, call));
        RC_TRY(rc_repo_fork_later(&call->actor, &fork, &order));
        return rc_call_answer_task(out, call, FORKED, order.name);
    }
    call->answer = answer_forked;
    return rc_repo_fork(&call->actor, &fork);
}

/* clang-format off */
const rc_method_t rc_methods_repo_fork[] = {
    {"fork_repo", fork_repo, RC_HOLDERS("hg.fork.repository"), RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_FORK_NAME, RC_NAME, RC_REQUIRED),
               RC_ARG(RC_P_OWNER, RC_ANY, RC_CALLER),
               RC_ARG(RC_P_DESCRIPTION, RC_TEXT, "''"),
               RC_ARG(RC_P_COPY_PERMISSIONS, RC_BOOL, "False"),
               RC_ARG(RC_P_PRIVATE, RC_BOOL, "False"),
               RC_ARG(RC_P_LANDING_REV, RC_TEXT, "'rev:tip'"),
               RC_ARG(RC_P_BACKGROUND, RC_BOOL, "False")),
     "failed to fork repository `{repoid.name}` as `{fork_name}`",
     "Create a repository as a copy of another one."},
    {.name = NULL},
};
/* clang-format on */
