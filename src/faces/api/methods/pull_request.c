// SPDX-License-Identifier: Apache-2.0
/*
 * The methods that show pull requests and their comments (contract 09 §2).
 */
#include "../comment.h"
#include "../list.h"
#include "../pull_request.h"

#include <string.h>

#include <apr_strings.h>

/* --- one --- */

static rc_err_t *plan_pull(rc_call_t *call, void *baton)
{
    return rc_pull_arg(baton, call);
}

/* The pull request is read again only when a merge was ended that a killed process had begun. */
static rc_err_t *get_pull_request(rc_call_t *call, rc_json_t *out)
{
    rc_mergeable_t mergeable = {false, "not_available"};
    rc_pull_act_t act;

    RC_TRY(rc_pull_plan(call, plan_pull, &act));
    if (act.pull->merge_rev && !act.pull->closed)
        return rc_render_pull_now(out, call, act.pull);
    if (rc_arg_bool(call, RC_P_MERGE_STATE))
        RC_TRY(rc_pull_mergeable(&mergeable, &call->actor, act.pull));
    return rc_render_pull(out, call, act.pull, &mergeable, call->pool);
}

/* --- many --- */

typedef struct pulls_t {
    rc_call_t *call;
    rc_json_t *out;
    rc_pull_range_t range;
    rc_pull_merges_t *merges; /* NULL: nobody wants to know */
} pulls_t;

static rc_err_t *list_pull(void *baton, const rc_pull_request_t *pull, apr_pool_t *scratch)
{
    const pulls_t *listing = baton;
    rc_mergeable_t mergeable = {false, "not_available"};

    if (listing->merges)
        mergeable = rc_pull_merge_known(listing->merges, pull);
    return rc_render_pull(listing->out, listing->call, pull, &mergeable, scratch);
}

static rc_err_t *list_pulls(rc_actor_t *actor, void *baton)
{
    const pulls_t *listing = baton;

    return rc_store_pull_requests_each(actor->db, rc_caller_viewer(actor->caller), &listing->range,
                                       list_pull, baton, actor->pool);
}

/* Sets whether closed ones are listed. Returns false for another word than new, open, closed. */
static bool read_status(bool *closed, const rc_call_t *call)
{
    const char *status = rc_arg_text(call, RC_P_STATUS);

    *closed = !strcmp(status, "closed");
    return *closed || !strcmp(status, "new") || !strcmp(status, "open");
}

static rc_err_t *get_pull_requests(rc_call_t *call, rc_json_t *out)
{
    static const rc_list_kind_t kind = {false, NULL};
    const rc_repo_t *repo = rc_arg_repo(call, RC_P_REPOID);
    pulls_t listing = {.call = call, .out = out, .range = {.target_id = repo->id}};
    bool known = read_status(&listing.range.closed, call);

    RC_TRY(rc_list_begin(&listing.range.page, out, call, &kind));
    if (known && rc_arg_bool(call, RC_P_MERGE_STATE) && rc_json_wants(out, "mergeable"))
        RC_TRY(rc_pull_merges(&listing.merges, &call->actor, repo, &listing.range));
    if (known)
        RC_TRY(rc_actor_read(&call->actor, list_pulls, &listing));
    rc_list_end(out);
    return NULL;
}

/* --- comments --- */

static rc_err_t *list_comment(void *baton, const rc_repo_comment_t *comment, apr_pool_t *scratch)
{
    rc_json_t *out = baton;

    rc_json_object_begin(out);
    rc_render_comment(out, comment, false, scratch);
    rc_json_member_string(out, "pull_request_version",
                          comment->version ? apr_psprintf(scratch, "v%d", comment->version) : NULL);
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *get_comments(rc_call_t *call, rc_json_t *out)
{
    rc_pull_act_t act;

    RC_TRY(rc_pull_arg(&act, call));
    rc_json_array_begin(out);
    RC_TRY(
        rc_store_pull_comments_each(call->actor.db, act.pull->id, list_comment, out, call->pool));
    rc_json_array_end(out);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_pull_request[] = {
    {"get_pull_request", get_pull_request, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_PULL_PARAMS,
               RC_ARG(RC_P_MERGE_STATE, RC_BOOL, "True")),
     NULL, "Describe one pull request, and whether it can be merged."},
    {"get_pull_requests", get_pull_requests, RC_ANYONE, RC_ALONE,
     RC_PARAMS(RC_OBJECT(RC_P_REPOID, RC_REPO, RC_REQUIRED, RC_READ),
               RC_ARG(RC_P_STATUS, RC_TEXT, "'new'"),
               RC_ARG(RC_P_MERGE_STATE, RC_BOOL, "True"), RC_LIST_PARAMS),
     NULL, "Describe the pull requests of a repository, the newest first."},
    {"get_pull_request_comments", get_comments, RC_ANYONE, 0,
     RC_PARAMS(RC_PULL_PARAMS),
     NULL, "List the comments on a pull request."},
    {.name = NULL},
};
/* clang-format on */
