// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that comment on a commit: changeset_comment (contract 02 §5) and its later form,
 * comment_commit (§10).
 */
#include "../comment.h"

#include <apr_strings.h>

#include "domain/repo_change.h"

/* The request, and the argument that names the revision, which depends on the method. */
typedef struct plan_t {
    rc_commenting_t request;
    rc_param_id_t revision_arg;
} plan_t;

static rc_err_t *plan_comment(rc_call_t *call, void *baton)
{
    plan_t *plan = baton;

    plan->request = (rc_commenting_t){
        .repo = rc_arg_repo(call, RC_P_REPOID),
        .author = rc_arg_user(call, RC_P_USERID),
        .revision = rc_arg_given_text(call, plan->revision_arg),
        .message = rc_arg_given_text(call, RC_P_MESSAGE),
        .status = rc_arg_text(call, RC_P_STATUS),
        .type = rc_arg_given_text(call, RC_P_COMMENT_TYPE),
    };
    return rc_comment_arg_resolved(&plan->request.resolves_id, call);
}

static rc_err_t *comment(const char **id, rc_call_t *call, rc_param_id_t revision_arg)
{
    plan_t the = {.revision_arg = revision_arg};

    RC_TRY(rc_call_plan(call, plan_comment, &the));
    return rc_repo_comment(id, &call->actor, &the.request);
}

static void answer_comment(rc_json_t *out, rc_call_t *call, const char *msg)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", msg);
    rc_json_member_string(out, "status_change", rc_arg_text(call, RC_P_STATUS));
    rc_json_member_bool(out, "success", true);
    rc_json_object_end(out);
}

static rc_err_t *changeset_comment(rc_call_t *call, rc_json_t *out)
{
    const char *id;

    RC_TRY(comment(&id, call, RC_P_REVISION));
    answer_comment(out, call,
                   apr_psprintf(call->pool, "Commented on revision `%s` for repo `%s`", id,
                                rc_arg_repo(call, RC_P_REPOID)->name));
    return NULL;
}

static rc_err_t *comment_commit(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    const char *id;

    RC_TRY(comment(&id, call, RC_P_COMMIT_ID));
    answer_comment(
        out, call,
        apr_psprintf(call->pool, "Commented on commit `%s` for repository `%s`", id, repo->name));
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_comment[] = {
    {"changeset_comment", changeset_comment, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_ADMIN),
               RC_ARG(RC_P_REVISION, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_MESSAGE, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_USERID, RC_USER, RC_CALLER),
               RC_ARG(RC_P_STATUS, RC_TEXT, "None")),
     "failed to set comment on repository `{repoid.name}`", "Comment on a commit; set its status."},
    {"comment_commit", comment_commit, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_COMMIT_ID, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_MESSAGE, RC_TEXT, RC_REQUIRED),
               RC_ARG(RC_P_USERID, RC_AUTHOR, RC_CALLER),
               RC_ARG(RC_P_STATUS, RC_TEXT, "None"),
               RC_ARG(RC_P_COMMENT_TYPE, RC_TEXT, "'note'"),
               RC_ARG(RC_P_RESOLVES_COMMENT_ID, RC_ANY, "None"),
               RC_ARG(RC_P_EXTRA_RECIPIENTS, RC_ANY, "None"),
               RC_ARG(RC_P_SEND_EMAIL, RC_ANY, "None")),
     "failed to set comment on repository `{repoid.name}`",
     "Comment on a commit and set its status; open to readers."},
    {.name = NULL},
};
/* clang-format on */
