// SPDX-License-Identifier: Apache-2.0
/*
 * The method delete_repo: deletes a repository, with or without its forks (contract 02 §5).
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/repo_change.h"

static rc_err_t *plan(rc_call_t *call, void *baton)
{
    rc_repo_deletion_t *deletion = baton;
    const char *mode = rc_arg_text(call, RC_P_FORKS);

    deletion->repo = rc_arg_repo(call, RC_P_REPOID);
    deletion->mode = !strcmp(mode, "detach")   ? RC_FORKS_DETACH
                     : !strcmp(mode, "delete") ? RC_FORKS_DELETE
                                               : RC_FORKS_REFUSE;
    return NULL;
}

static const char *suffix(const rc_call_t *call, const rc_repo_deletion_t *deletion)
{
    switch (deletion->mode) {
    case RC_FORKS_DETACH:
        return apr_psprintf(call->pool, " Detached %" APR_INT64_T_FMT " forks", deletion->forks);
    case RC_FORKS_DELETE:
        return apr_psprintf(call->pool, " Deleted %" APR_INT64_T_FMT " forks", deletion->going);
    default:
        return "";
    }
}

static rc_err_t *delete_repo(rc_call_t *call, rc_json_t *out)
{
    rc_repo_deletion_t deletion;

    RC_TRY(rc_call_plan(call, plan, &deletion));
    RC_TRY(rc_repo_delete(&call->actor, &deletion));
    return rc_call_answer_success(out, call,
                                  apr_pstrcat(call->pool, "Deleted repository `{repoid.name}`",
                                              suffix(call, &deletion), NULL));
}

/* clang-format off */
const rc_method_t rc_methods_repo_delete[] = {
    {"delete_repo", delete_repo, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG(RC_P_FORKS, RC_TEXT, "''")),
     "failed to delete repository `{repoid.name}`",
     "Delete a repository; detach or delete its forks."},
    {.name = NULL},
};
/* clang-format on */
