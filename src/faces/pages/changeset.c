// SPDX-License-Identifier: Apache-2.0
/*
 * The page of a commit: its message, who made it, what it changes, and what others said about it.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/pull_request.h"
#include "domain/repo.h"
#include "store/comment.h"

#define CONTEXT     3
#define DIFF_MOST   ((apr_off_t)1 << 20) /* bytes; a larger diff is not shown */
#define LISTED_MOST 1000                 /* files of such a commit */
#define COUNT_BYTES ((apr_size_t)8 << 20)
#define TITLE_MOST  160 /* characters, of a pull request */

typedef struct changeset_t {
    rc_rev_t rev;
    apr_array_header_t *comments; /* of rc_comment_row_t */
    apr_array_header_t *reviews;  /* of rc_review_t */
    apr_array_header_t *pulls;    /* of rc_pull_link_t: the pull requests that it belongs to */
    bool older;                   /* there are older comments */
} changeset_t;

/* Returns a text that differs as soon as anything of the page's content does. */
static rc_err_t *digest_of(const char **digest, const changeset_t *set, rc_view_call_t *call)
{
    rc_position_t place;
    int i;

    RC_TRY(rc_vcs_position(&place, call->vcs, set->rev.index, call->pool));
    *digest = apr_pstrcat(call->pool, place.digest ? place.digest : set->rev.id,
                          set->older ? "+" : "", NULL);
    for (i = 0; i < set->comments->nelts; i++) {
        const rc_comment_row_t *row = &APR_ARRAY_IDX(set->comments, i, rc_comment_row_t);

        *digest = apr_psprintf(call->pool, "%s %" APR_INT64_T_FMT "%s%s %s", *digest, row->id,
                               row->current ? "!" : "", row->resolved_by ? "." : "", row->username);
    }
    for (i = 0; i < set->reviews->nelts; i++) {
        const rc_review_t *review = &APR_ARRAY_IDX(set->reviews, i, rc_review_t);

        *digest = apr_pstrcat(call->pool, *digest, " ", review->username, review->status, NULL);
    }
    for (i = 0; i < set->pulls->nelts; i++) {
        const rc_pull_link_t *link = &APR_ARRAY_IDX(set->pulls, i, rc_pull_link_t);

        *digest =
            apr_psprintf(call->pool, "%s %" APR_INT64_T_FMT "%s", *digest, link->id, link->title);
    }
    return NULL;
}

rc_err_t *rc_page_changeset_prepare(rc_view_call_t *call)
{
    const rc_slice_t slice = rc_page_comments_slice(call);
    changeset_t *set = apr_pcalloc(call->pool, sizeof(*set));
    const char *digest;

    call->state = set;
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(rc_vcs_resolve(&set->rev, call->vcs, call->rev, call->pool));
    if (!set->rev.id)
        return rc_view_refuse(call, 404, RC_VIEW_NO_SUCH_COMMIT);
    RC_TRY(rc_actor_open(&call->actor));
    RC_TRY(rc_store_comments(&set->comments, call->actor.db, call->repo->id, set->rev.id, &slice,
                             call->pool));
    set->older = rc_page_comments_cut(set->comments);
    RC_TRY(
        rc_store_reviews(&set->reviews, call->actor.db, call->repo->id, set->rev.id, call->pool));
    RC_TRY(rc_store_pulls_of_commit(&set->pulls, call->actor.db, call->repo->id, set->rev.id,
                                    call->pool));
    RC_TRY(digest_of(&digest, set, call));
    rc_page_validate(call, digest);
    return NULL;
}

/* --- the commit --- */

static void put_links(rc_html_t *html, const rc_view_call_t *call, const char *id)
{
    static const char *const formats[] = {"tar.gz", "zip"};
    apr_pool_t *pool = call->pool;
    apr_size_t i;

    rc_html_put(html,
                "<dt>Links<dd class=links><a href=\"%s\">files</a> <a href=\"%s\">raw diff</a>",
                rc_page_link(call, "files", id, "", pool),
                rc_page_link(call, "changeset-diff", id, NULL, pool));
    if (rc_vcs_can(call->vcs)->mails)
        rc_html_put(html, " <a href=\"%s\">patch</a>",
                    rc_page_link(call, "changeset-patch", id, NULL, pool));
    for (i = 0; call->repo->enable_downloads && i < sizeof(formats) / sizeof(*formats); i++)
        rc_html_put(html, " <a href=\"%s.%s\">%s</a>",
                    rc_page_link(call, "archive", id, NULL, pool), formats[i], formats[i]);
    rc_html_put(html, "\n");
}

/* What each user says of the commit now: by a comment, or by a vote on a pull request. */
static void put_reviews(rc_html_t *html, const apr_array_header_t *reviews)
{
    int i;

    if (reviews->nelts)
        rc_html_put(html, "<dt>Review<dd>");
    for (i = 0; i < reviews->nelts; i++) {
        const rc_review_t *review = &APR_ARRAY_IDX(reviews, i, rc_review_t);

        rc_html_put(html, "%s <span class=ref>%s</span>\n", review->username,
                    rc_review_label(review->status));
    }
}

static void put_pulls(rc_html_t *html, const rc_view_call_t *call, const apr_array_header_t *pulls)
{
    int i;

    for (i = 0; i < pulls->nelts; i++) {
        const rc_pull_link_t *link = &APR_ARRAY_IDX(pulls, i, rc_pull_link_t);
        const char *id = apr_psprintf(call->pool, "%" APR_INT64_T_FMT, link->id);

        rc_html_put(html, "<dt>Pull request<dd><a href=\"%s\">%s: %s</a>\n",
                    rc_page_link(call, "pull-request", id, NULL, call->pool), id,
                    rc_page_first_line(link->title, TITLE_MOST, call->pool));
    }
}

static void put_commit(rc_html_t *html, const rc_view_call_t *call, const rc_commit_t *commit)
{
    const changeset_t *set = call->state;
    const char *const *parent = commit->parents;

    rc_html_put(html, "<pre>%s</pre>\n<dl>\n<dt>Author<dd>%s\n<dt>Date<dd>", commit->message,
                commit->author);
    rc_page_time(html, commit->time, call->pool);
    rc_html_put(html, "\n<dt>Commit<dd><span class=id>%s</span>\n", commit->id);
    if (rc_vcs_can(call->vcs)->named_branches && commit->branch)
        rc_html_put(html, "<dt>Branch<dd>%s\n", commit->branch);
    if (*parent)
        rc_html_put(html, "<dt>%s<dd>", parent[1] ? "Parents" : "Parent");
    for (; *parent; parent++)
        rc_html_put(html, "<a class=id href=\"%s\">%s</a> ",
                    rc_page_link(call, "changeset", *parent, NULL, call->pool),
                    rc_vcs_short_id(call->repo->type, *parent, call->pool));
    put_reviews(html, set->reviews);
    put_pulls(html, call, set->pulls);
    put_links(html, call, commit->id);
    rc_html_put(html, "</dl>\n");
}

static void put_comments(rc_html_t *html, const rc_view_call_t *call, const changeset_t *set)
{
    const apr_array_header_t *comments = set->comments;
    const rc_comment_row_t *first = (const rc_comment_row_t *)comments->elts;
    int i;

    if (comments->nelts)
        rc_html_put(html, "<h2 id=comments>Comments</h2>\n");
    rc_page_comments_pages(html, call,
                           rc_page_link(call, "changeset", set->rev.id, NULL, call->pool),
                           set->older ? first->id : 0);
    for (i = 0; i < comments->nelts; i++) {
        const rc_comment_row_t *row = &APR_ARRAY_IDX(comments, i, rc_comment_row_t);

        rc_html_put(html, "<p class=dim>%s, ", row->username);
        rc_page_time(html, apr_time_sec(row->created_on), call->pool);
        rc_page_comment_type(html, row->type, row->resolved_by);
        if (row->status)
            rc_html_put(html, ": <strong>%s</strong>%s", row->status,
                        row->current ? "" : " (earlier)");
        rc_html_put(html, "</p>\n<pre>%s</pre>\n", row->message);
    }
}

/* --- what it changes --- */

static rc_err_t *put_change(void *baton, const rc_change_t *change)
{
    rc_html_t *html = baton;

    rc_html_put(html, "<tr><td>%s<td class=\"fix num\">", change->path);
    if (change->hunks)
        rc_html_put(html,
                    "<span class=add>+%" APR_INT64_T_FMT
                    "</span> <span class=del>-%" APR_INT64_T_FMT "</span>",
                    change->added, change->deleted);
    rc_html_put(html, "\n");
    return html->err;
}

/* For a commit whose diff is too large: the first files that it changes. */
static rc_err_t *put_large(rc_html_t *html, rc_view_call_t *call, const char *id,
                           apr_pool_t *scratch)
{
    rc_stat_limits_t limits = {LISTED_MOST, COUNT_BYTES};
    bool more = false;
    rc_err_t *err;

    rc_html_put(html,
                "<p>The diff is too large to be shown here: see the <a href=\"%s\">raw diff"
                "</a>.</p>\n<table class=list>\n",
                rc_page_link(call, "changeset-diff", id, NULL, scratch));
    err = rc_vcs_stat(&more, call->vcs, id, &limits, put_change, html, scratch);
    rc_html_put(html, "</table>\n%s", more || err ? "... and more files\n" : "");
    return err && err->kind == RC_E_LIMIT ? html->err : err;
}

static rc_err_t *put_changes(rc_html_t *html, rc_view_call_t *call, const char *id,
                             apr_pool_t *scratch)
{
    const rc_diff_options_t options = {.context = CONTEXT};
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, scratch);
    const char *diff;
    rc_err_t *err;

    rc_spool_set_limit(spool, DIFF_MOST);
    err = rc_vcs_diff(spool, call->vcs, id, &options, scratch);
    if (err && err->kind == RC_E_LIMIT)
        return put_large(html, call, id, scratch);
    RC_TRY(err);
    RC_TRY(rc_spool_view(&diff, spool, scratch));
    return rc_page_diff(html, call, id, diff, (apr_size_t)rc_spool_size(spool), NULL, scratch);
}

rc_err_t *rc_page_changeset_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const changeset_t *set = call->state;
    rc_html_t html = {.spool = spool};
    rc_commit_t *commit;
    apr_pool_t *scratch;
    rc_err_t *err;

    RC_TRY(rc_vcs_commit_short(&commit, call->vcs, &set->rev, call->pool));
    rc_page_open(&html, call, rc_page_first_line(commit->message, 80, call->pool), "changelog");
    put_commit(&html, call, commit);
    put_comments(&html, call, set);
    rc_html_put(&html, "<h2>Changes</h2>\n");
    apr_pool_create(&scratch, call->pool);
    err = put_changes(&html, call, set->rev.id, scratch);
    apr_pool_destroy(scratch);
    if (err)
        return err;
    rc_page_end(&html);
    return html.err;
}
