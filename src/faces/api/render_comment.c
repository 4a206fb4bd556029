// SPDX-License-Identifier: Apache-2.0
/*
 * Writes comments on commits and pull requests as JSON, and reads the argument of both that names
 * the to-do they end (contract 02 §10, 09 §2).
 */
#include "comment.h"

#include <apr_strings.h>

#include "base/time.h"
#include "domain/pull_request.h"

static void write_author(rc_json_t *out, const rc_user_t *user, bool of_repo, apr_pool_t *pool)
{
    const char *full =
        apr_pstrcat(pool, user->firstname, *user->firstname && *user->lastname ? " " : "",
                    user->lastname, NULL);

    rc_json_key(out, "comment_author");
    rc_json_object_begin(out);
    if (of_repo)
        rc_json_member_int(out, "user_id", user->id);
    rc_json_member_string(out, "username", user->username);
    if (of_repo) {
        rc_json_member_string(out, "firstname", user->firstname);
        rc_json_member_string(out, "lastname", user->lastname);
    }
    rc_json_member_string(out, "full_name_or_username", *full ? full : user->username);
    rc_json_member_bool(out, "active", user->active);
    rc_json_object_end(out);
}

static void write_words(rc_json_t *out, const char *status)
{
    rc_json_member_string(out, "status", status);
    rc_json_member_string(out, "status_lbl", rc_review_label(status));
}

/* A list for repositories, an object for pull requests; empty without a status. */
static void write_status(rc_json_t *out, const char *status, bool of_repo)
{
    rc_json_key(out, "comment_status");
    if (of_repo)
        rc_json_array_begin(out);
    if (!of_repo || status)
        rc_json_object_begin(out);
    if (status)
        write_words(out, status);
    if (!of_repo || status)
        rc_json_object_end(out);
    if (of_repo)
        rc_json_array_end(out);
}

void rc_render_comment(rc_json_t *out, const rc_repo_comment_t *comment, bool of_repo,
                       apr_pool_t *pool)
{
    rc_json_member_int(out, "comment_id", comment->id);
    rc_json_member_string(out, "comment_type", comment->type);
    rc_json_member_string(out, "comment_text", comment->message);
    write_status(out, comment->status, of_repo);
    rc_json_member_string(out, "comment_f_path", comment->f_path);
    rc_json_member_string(out, "comment_lineno", comment->line_no);
    write_author(out, comment->author, of_repo, pool);
    rc_json_member_string(out, "comment_created_on", rc_time_local(comment->created_on, pool));
    rc_json_member_int_or_null(out, "comment_resolved_by", comment->resolved_by);
    rc_json_member_string(out, "comment_commit_id", comment->revision);
    rc_json_member_int_or_null(out, "comment_pull_request_id", comment->pull_request_id);
    rc_json_member_int(out, "comment_last_version", 0);
}

rc_err_t *rc_comment_arg_resolved(apr_int64_t *id, rc_call_t *call)
{
    *id = 0;
    if (!rc_arg_given(call, RC_P_RESOLVES_COMMENT_ID) ||
        rc_value_id(id, rc_arg_json(call, RC_P_RESOLVES_COMMENT_ID), true))
        return NULL;
    return rc_arg_fault(call,
                        rc_err(call->pool, RC_E_ARG, "resolves_comment_id must be an integer"));
}
