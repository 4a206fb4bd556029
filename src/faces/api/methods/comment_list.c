// SPDX-License-Identifier: Apache-2.0
/*
 * The method get_repo_comments, which lists the comments on commits and pull requests of a
 * repository (contract 02 §10).
 */
#include "../comment.h"

#include <string.h>

#include <apr_strings.h>

static rc_err_t *write_comment(void *baton, const rc_repo_comment_t *row, apr_pool_t *scratch)
{
    rc_json_t *out = baton;

    rc_json_object_begin(out);
    rc_render_comment(out, row, true, scratch);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *get_repo_comments(rc_call_t *call, rc_json_t *out)
{
    const rc_user_t *user = rc_arg_user(call, RC_P_USERID);
    const rc_repo_comments_t which = {
        .repo_id = rc_arg_repo(call, RC_P_REPOID)->id,
        .revision = rc_arg_given_text(call, RC_P_COMMIT_ID),
        .type = rc_arg_given_text(call, RC_P_COMMENT_TYPE),
        .user_id = user ? user->id : 0,
    };

    if (which.type && *which.type && strcmp(which.type, "note") && strcmp(which.type, "todo"))
        return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG,
                                         "comment_type must be one of `['note', 'todo']` got %s",
                                         which.type));
    rc_json_array_begin(out);
    RC_TRY(rc_store_repo_comments_each(call->actor.db, &which, write_comment, out, call->pool));
    rc_json_array_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_comment_list[] = {
    {"get_repo_comments", get_repo_comments, RC_ANYONE, RC_LISTS,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_COMMIT_ID, RC_TEXT, "None"),
               RC_ARG(RC_P_COMMENT_TYPE, RC_TEXT, "None"),
               RC_ARG(RC_P_USERID, RC_USER, "None")),
     NULL, "List the comments on commits and pull requests of a repository."},
    {.name = NULL},
};
/* clang-format on */
