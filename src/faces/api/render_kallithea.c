// SPDX-License-Identifier: Apache-2.0
/*
 * Writes pull requests, and what get_repo adds to a repository, as Kallithea does (contract 02
 * §10).
 */
#include "pull_request.h"

#include <string.h>

#include <apr_strings.h>

#include "base/time.h"
#include "domain/repo.h"

/* --- pull requests --- */

/* The newest vote of a user. */
typedef struct vote_t {
    const char *username, *status;
    apr_int64_t created_on;
} vote_t;

typedef struct votes_t {
    rc_json_t *out;
    apr_array_header_t *votes; /* vote_t, the oldest first */
} votes_t;

static void take_vote(apr_array_header_t *votes, const rc_repo_comment_t *row)
{
    vote_t *list = (vote_t *)votes->elts;
    int i = 0;

    while (i < votes->nelts && strcmp(list[i].username, row->author->username))
        i++;
    if (i < votes->nelts) {
        memmove(&list[i], &list[i + 1], (size_t)(votes->nelts - i - 1) * sizeof(*list));
        votes->nelts--;
    }
    APR_ARRAY_PUSH(votes, vote_t) =
        (vote_t){apr_pstrdup(votes->pool, row->author->username),
                 apr_pstrdup(votes->pool, row->status), row->created_on};
}

static rc_err_t *write_comment(void *baton, const rc_repo_comment_t *row, apr_pool_t *scratch)
{
    const votes_t *votes = baton;
    rc_json_t *out = votes->out;

    if (row->status)
        take_vote(votes->votes, row);
    rc_json_object_begin(out);
    rc_json_member_int(out, "comment_id", row->id);
    rc_json_member_string(out, "username", row->author->username);
    rc_json_member_string(out, "text", row->message);
    rc_json_member_string(out, "created_on", rc_time_local(row->created_on, scratch));
    rc_json_object_end(out);
    return rc_json_finish(out);
}

static rc_err_t *write_comments(rc_json_t *out, rc_call_t *call, const rc_pull_request_t *pull,
                                apr_pool_t *pool)
{
    votes_t votes = {out, apr_array_make(pool, 4, sizeof(vote_t))};
    int i;

    rc_json_key(out, "comments");
    rc_json_array_begin(out);
    RC_TRY(rc_store_pull_comments_each(call->actor.db, pull->id, write_comment, &votes, pool));
    rc_json_array_end(out);
    rc_json_key(out, "statuses");
    rc_json_array_begin(out);
    for (i = 0; i < votes.votes->nelts; i++) {
        const vote_t *vote = &APR_ARRAY_IDX(votes.votes, i, vote_t);

        rc_json_object_begin(out);
        rc_json_member_string(out, "status", vote->status);
        rc_json_member_string(out, "reviewer", vote->username);
        rc_json_member_string(out, "modified_at", rc_time_local(vote->created_on, pool));
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
    return NULL;
}

static void write_ref(rc_json_t *out, const char *key, const rc_pull_side_t *side)
{
    rc_json_key(out, key);
    rc_json_array_begin(out);
    rc_json_string(out, side->type);
    rc_json_string(out, side->name);
    rc_json_string(out, side->id);
    rc_json_array_end(out);
}

static void write_main(rc_json_t *out, const rc_call_t *call, const rc_pull_request_t *pull,
                       apr_pool_t *pool)
{
    const rc_pull_side_t *source = &pull->source;

    rc_json_member_int(out, "pull_request_id", pull->id);
    rc_json_member_string(out, "url",
                          apr_psprintf(pool, "%s/pull-request/%" APR_INT64_T_FMT,
                                       rc_render_repo_url(call, pull->target.repo, pool),
                                       pull->id));
    rc_json_member_string(out, "title", pull->title);
    rc_json_member_string(out, "description", pull->description);
    rc_json_member_string(out, "status", pull->closed ? "closed" : "new");
    rc_json_member_string(out, "owner", pull->author.user->username);
    rc_json_member_string(
        out, "org_repo_url",
        source->repo && source->repo_id ? rc_render_repo_url(call, source->repo, pool) : NULL);
    write_ref(out, "org_ref_parts", source);
    write_ref(out, "other_ref_parts", &pull->target);
    rc_json_member_string(out, "created_on", rc_time_local(pull->created_on, pool));
    rc_json_member_string(out, "updated_on", rc_time_local(pull->updated_on, pool));
}

static void write_lists(rc_json_t *out, const rc_pull_request_t *pull)
{
    int i;

    rc_json_key(out, "reviewers");
    rc_json_array_begin(out);
    for (i = 0; i < pull->reviewers->nelts; i++) {
        rc_json_object_begin(out);
        rc_json_member_string(
            out, "username",
            APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t).person.user->username);
        rc_json_object_end(out);
    }
    rc_json_array_end(out);
    rc_json_member_strings(out, "revisions", pull->commits);
}

rc_err_t *rc_render_kallithea_pull(rc_json_t *out, rc_call_t *call, const rc_pull_request_t *pull,
                                   apr_pool_t *pool)
{
    rc_json_object_begin(out);
    write_main(out, call, pull, pool);
    write_lists(out, pull);
    RC_TRY(write_comments(out, call, pull, pool));
    rc_json_object_end(out);
    return NULL;
}

/* --- what get_repo adds --- */

typedef struct pulls_t {
    rc_json_t *out;
    rc_call_t *call;
} pulls_t;

static rc_err_t *write_pull(void *baton, const rc_pull_request_t *pull, apr_pool_t *scratch)
{
    const pulls_t *pulls = baton;

    RC_TRY(rc_render_kallithea_pull(pulls->out, pulls->call, pull, scratch));
    return rc_json_finish(pulls->out);
}

/* Writes the open pull requests into the repository, then the closed ones. */
static rc_err_t *write_pulls(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo)
{
    rc_pull_range_t range = {.target_id = repo->id};
    pulls_t pulls = {out, call};
    int closed;

    rc_json_key(out, "pull_requests");
    rc_json_array_begin(out);
    for (closed = 0; closed < 2; closed++) {
        range.closed = closed;
        RC_TRY(rc_store_pull_requests_each(call->actor.db, rc_caller_viewer(call->actor.caller),
                                           &range, write_pull, &pulls, call->pool));
    }
    rc_json_array_end(out);
    return NULL;
}

static rc_err_t *write_names(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo)
{
    rc_vcs_t *vcs;

    RC_TRY(rc_repo_open(&vcs, call->env, repo, &call->actor.work, call->pool));
    RC_TRY(rc_render_refs(out, "tags", vcs, RC_TAGS, call->pool));
    RC_TRY(rc_render_refs(out, "branches", vcs, RC_BRANCHES, call->pool));
    return rc_render_refs(out, "bookmarks", vcs, RC_BOOKMARKS, call->pool);
}

rc_err_t *rc_render_kallithea_repo(rc_json_t *out, rc_call_t *call, const rc_repo_t *repo)
{
    if (rc_arg_bool(call, RC_P_WITH_REVISION_NAMES))
        RC_TRY(write_names(out, call, repo));
    return rc_arg_bool(call, RC_P_WITH_PULLREQUESTS) ? write_pulls(out, call, repo) : NULL;
}
