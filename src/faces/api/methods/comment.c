// SPDX-License-Identifier: Apache-2.0
/*
 * Comments on commits: changeset_comment (contract 02 §5) and its later form, comment_commit (§10).
 */
#include "../method.h"

#include <string.h>

#include <apr_strings.h>

#include "store/comment.h"
#include "domain/repo.h"

static rc_err_t *check_status(rc_call_t *call, const char *status)
{
    static const char *const known[] = {"not_reviewed", "approved", "rejected", "under_review"};
    int i;

    for (i = 0; status && i < 4; i++)
        if (!strcmp(known[i], status))
            return NULL;
    if (!status)
        return NULL;
    return rc_err(call->pool, RC_E_ARG,
                  "Bad status, must be on of ['not_reviewed', 'approved', 'rejected', "
                  "'under_review'] got %s",
                  status);
}

typedef struct revision_t {
    rc_param_id_t arg;
    const char *id;
} revision_t;

static rc_err_t *find_revision(rc_call_t *call, void *baton)
{
    revision_t *found = baton;
    const char *revision = rc_arg_text(call, found->arg);
    rc_vcs_t *vcs;
    rc_rev_t rev;

    if (!rc_arg_given(call, found->arg))
        revision = NULL;
    RC_TRY(rc_model_repo_open(&vcs, call->env, rc_arg_repo(call, RC_P_REPOID), &call->actor.work,
                              call->pool));
    RC_TRY(rc_vcs_resolve(&rev, vcs, revision, call->pool));
    found->id = rev.id;
    return found->id ? NULL : rc_err_failed(call->pool, "no revision %s", revision);
}

static rc_err_t *insert(rc_call_t *call, void *baton)
{
    rc_comment_t comment = {.repo_id = rc_arg_repo(call, RC_P_REPOID)->id,
                            .user_id = rc_arg_user(call, RC_P_USERID)->id,
                            .revision = baton,
                            .message = rc_arg_text(call, RC_P_MESSAGE),
                            .status = rc_arg_text(call, RC_P_STATUS)};

    RC_TRY(rc_store_comment_insert(call->actor.db, &comment));
    return rc_call_journal(call, rc_arg_repo(call, RC_P_REPOID), "user_commented_revision", baton);
}

/* Stores the comment; *id is the full id of the commit, looked up before the database is locked. */
static rc_err_t *comment(const char **id, rc_call_t *call, rc_param_id_t revision_arg)
{
    revision_t revision = {revision_arg, NULL};

    RC_TRY(check_status(call, rc_arg_text(call, RC_P_STATUS)));
    if (!rc_arg_given(call, RC_P_MESSAGE) || !*rc_arg_text(call, RC_P_MESSAGE))
        return rc_err_failed(call->pool, "an empty message");
    RC_TRY(rc_call_away(call, find_revision, &revision));
    *id = revision.id;
    return rc_call_txn(call, insert, (void *)*id);
}

static void answer(rc_json_t *out, rc_call_t *call, const char *msg)
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
    answer(out, call,
           apr_psprintf(call->pool, "Commented on revision `%s` for repo `%s`", id,
                        rc_arg_repo(call, RC_P_REPOID)->name));
    return NULL;
}

static rc_err_t *comment_commit(rc_call_t *call, rc_json_t *out)
{
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    const char *id;

    RC_TRY(comment(&id, call, RC_P_COMMIT_ID));
    answer(
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
               RC_ARG(RC_P_STATUS, RC_TEXT, "None")),
     "failed to set comment on repository `{repoid.name}`", "The same, open to readers."},
    {.name = NULL},
};
/* clang-format on */
