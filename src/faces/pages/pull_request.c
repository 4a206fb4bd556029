// SPDX-License-Identifier: Apache-2.0
/*
 * The page of a pull request: what it offers, who votes how, whether it can be merged, its
 * comments, commits and combined diff, and forms for those who have logged in.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "base/text.h"
#include "domain/pull_request.h"
#include "domain/repo.h"

#define DIFF_MOST ((apr_off_t)1 << 20) /* bytes; a larger diff is not shown */

#define NO_SUCH "No such pull request exists for this repository"

/* A comment on a line of the diff: with its old number (side 'o') or its new one ('n'). */
typedef struct place_t {
    apr_int64_t line, comment_id;
    char side;
    const char *path, *username, *message;
} place_t;

typedef struct pull_page_t {
    rc_view_call_t *call;
    apr_int64_t id;
    rc_pull_request_t *pull;      /* NULL: there is none */
    rc_repo_t *source;            /* NULL: the target, or the caller may not read it */
    apr_array_header_t *comments; /* rc_repo_comment_t */
    apr_array_header_t *placed;   /* place_t: those that belong to a line of the diff */
    bool older;                   /* there are older comments */
    rc_mergeable_t mergeable;
} pull_page_t;

/* "n12" is the twelfth new line. Comments on earlier versions have no place in this diff. */
static void place_comment(const pull_page_t *page, const rc_repo_comment_t *row)
{
    apr_int64_t line;

    if (!row->version && row->f_path && row->line_no && strchr("on", *row->line_no) &&
        *row->line_no && rc_text_int(&line, row->line_no + 1))
        APR_ARRAY_PUSH(page->placed, place_t) = (place_t){
            line, row->id, *row->line_no, row->f_path, row->author->username, row->message};
}

static rc_err_t *copy_comment(void *baton, const rc_repo_comment_t *row, apr_pool_t *scratch)
{
    pull_page_t *page = baton;
    apr_pool_t *pool = page->call->pool;
    rc_repo_comment_t copy = *row;
    rc_user_t *author = apr_pcalloc(pool, sizeof(*author));

    (void)scratch;
    author->username = apr_pstrdup(pool, row->author->username);
    copy.author = author;
    copy.type = apr_pstrdup(pool, row->type);
    copy.message = apr_pstrdup(pool, row->message);
    copy.status = apr_pstrdup(pool, row->status);
    copy.f_path = apr_pstrdup(pool, row->f_path);
    copy.line_no = apr_pstrdup(pool, row->line_no);
    copy.revision = NULL;
    APR_ARRAY_PUSH(page->comments, rc_repo_comment_t) = copy;
    return NULL;
}

static rc_err_t *read_comments(rc_actor_t *actor, pull_page_t *page)
{
    const rc_slice_t slice = rc_page_comments_slice(page->call);
    int i;

    RC_TRY(
        rc_store_pull_comments_part(actor->db, page->id, &slice, copy_comment, page, actor->pool));
    page->older = rc_page_comments_cut(page->comments);
    for (i = 0; i < page->comments->nelts; i++)
        place_comment(page, &APR_ARRAY_IDX(page->comments, i, rc_repo_comment_t));
    return NULL;
}

static rc_err_t *read_pull(rc_actor_t *actor, void *baton)
{
    pull_page_t *page = baton;

    RC_TRY(rc_pull_find(&page->pull, actor, page->id));
    if (page->pull && page->pull->target.repo_id != page->call->repo->id)
        page->pull = NULL;
    if (!page->pull)
        return NULL;
    if (page->pull->source.repo_id && page->pull->source.repo_id != page->call->repo->id)
        RC_TRY(rc_store_repo_seen_by_id(&page->source, actor->db, rc_caller_viewer(actor->caller),
                                        page->pull->source.repo_id, actor->pool));
    return read_comments(actor, page);
}

rc_err_t *rc_page_pull_prepare(rc_view_call_t *call)
{
    pull_page_t *page = apr_pcalloc(call->pool, sizeof(*page));

    page->call = call;
    page->comments = apr_array_make(call->pool, 8, sizeof(rc_repo_comment_t));
    page->placed = apr_array_make(call->pool, 4, sizeof(place_t));
    if (!rc_text_digits(call->id) || !rc_text_int(&page->id, call->id))
        return rc_view_refuse(call, 404, NO_SUCH);
    RC_TRY(rc_actor_read(&call->actor, read_pull, page));
    if (!page->pull)
        return rc_view_refuse(call, 404, NO_SUCH);
    RC_TRY(rc_pull_mergeable(&page->mergeable, &call->actor, page->pull));
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    call->state = page;
    rc_page_validate(call, NULL);
    return NULL;
}

/* --- what it is --- */

static void put_source(rc_html_t *html, const pull_page_t *page)
{
    const rc_pull_side_t *source = &page->pull->source;
    apr_pool_t *pool = page->call->pool;

    if (source->repo && source->repo_id && source->repo_id != page->pull->target.repo_id)
        rc_html_put(html, "<dt>From<dd><a href=\"%s/%s\">%s</a>: %s\n",
                    rc_page_base(page->call->request, pool),
                    rc_page_escape(source->repo, true, pool), source->repo, source->name);
    else
        rc_html_put(html, "<dt>From<dd>%s\n", rc_page_pull_source(page->pull, pool));
}

static void put_reviewers(rc_html_t *html, const rc_pull_request_t *pull)
{
    int i;

    for (i = 0; i < pull->reviewers->nelts; i++) {
        const rc_pull_reviewer_t *row = &APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t);

        rc_html_put(html, i ? "<br>" : "<dt>Reviewers<dd>");
        rc_html_put(html, "%s <span class=ref>%s</span>%s\n", row->person.user->username,
                    rc_review_label(row->vote ? row->vote : "not_reviewed"),
                    row->mandatory ? " (required)" : "");
    }
}

static void put_facts(rc_html_t *html, const pull_page_t *page)
{
    const rc_pull_request_t *pull = page->pull;
    apr_pool_t *pool = page->call->pool;
    bool merged = pull->closed && pull->merge_rev;

    rc_html_put(html,
                "<h2>%s <span class=dim>#%" APR_INT64_T_FMT
                "</span> <span class=ref>%s</span></h2>\n",
                pull->title, pull->id,
                merged         ? "Merged"
                : pull->closed ? "Closed"
                               : "Open");
    if (*pull->description)
        rc_html_put(html, "<pre>%s</pre>\n", pull->description);
    rc_html_put(html, "<dl>\n<dt>Author<dd>%s\n", pull->author.user->username);
    put_source(html, page);
    rc_html_put(html, "<dt>Into<dd>%s\n<dt>Created<dd>", pull->target.name);
    rc_page_time(html, apr_time_sec(pull->created_on), pool);
    rc_html_put(html, "\n<dt>Changed<dd>");
    rc_page_time(html, apr_time_sec(pull->updated_on), pool);
    rc_html_put(html, "\n<dt>Review<dd>%s\n", rc_review_label(rc_pull_review_status(pull)));
    put_reviewers(html, pull);
    if (merged)
        rc_html_put(html, "<dt>Merge<dd><a class=id href=\"%s\">%s</a>\n",
                    rc_page_link(page->call, "changeset", pull->merge_rev, NULL, pool),
                    rc_vcs_short_id(page->call->repo->type, pull->merge_rev, pool));
    else
        rc_html_put(html, "<dt>Merge<dd>%s\n", page->mergeable.message);
    rc_html_put(html, "</dl>\n");
}

/* --- forms --- */

static void open_form(rc_html_t *html, const pull_page_t *page, const char *action,
                      const char *class)
{
    const rc_view_call_t *call = page->call;

    rc_html_put(html,
                "<form class=\"%s\" method=post action=\"%s/_admin/pull_request/%s\">"
                "<input type=hidden name=csrf_token value=\"%s\">"
                "<input type=hidden name=pull_request_id value=\"%" APR_INT64_T_FMT "\">"
                "<input type=hidden name=source_id value=\"%s\">\n",
                class, rc_page_base(call->request, call->pool), action, call->actor.caller->csrf,
                page->id, page->pull->source.id);
}

static bool may_change(const pull_page_t *page)
{
    const rc_pull_request_t *pull = page->pull;

    return pull->level >= RC_WRITE || page->call->actor.caller->user_id == pull->author.user->id;
}

/* Offers what the branch has now; closes it; changes its texts and reviewers. */
static void put_changes(rc_html_t *html, const pull_page_t *page)
{
    const rc_pull_request_t *pull = page->pull;
    int i;

    rc_html_put(html, "<h2>Change the pull request</h2>\n");
    if (pull->source.repo_id) {
        open_form(html, page, "commits", "");
        rc_html_put(html, "<button>Offer the newest commits of %s</button></form>\n",
                    pull->source.name);
    }
    open_form(html, page, "close", "tall wide");
    rc_html_put(html, "<label>Why it is closed <input name=message></label>\n"
                      "<button>Close without a merge</button></form>\n");
    open_form(html, page, "update", "tall wide");
    rc_html_put(html,
                "<label>Title <input name=title maxlength=255 required value=\"%s\"></label>\n"
                "<label>Description <textarea name=description rows=5>\n%s</textarea></label>\n"
                "<label>Reviewers: names of users <textarea name=reviewers rows=3>\n",
                pull->title, pull->description);
    for (i = 0; i < pull->reviewers->nelts; i++)
        rc_html_put(html, "%s\n",
                    APR_ARRAY_IDX(pull->reviewers, i, rc_pull_reviewer_t).person.user->username);
    rc_html_put(html, "</textarea></label>\n<button>Change</button></form>\n");
}

/* What the caller may not do has no form; the use cases check it again. */
static void put_forms(rc_html_t *html, const pull_page_t *page)
{
    static const char *const votes[] = {"approved", "rejected", "under_review"};
    const rc_pull_request_t *pull = page->pull;
    apr_int64_t user_id = page->call->actor.caller->user_id;
    apr_size_t i;

    open_form(html, page, "comment", "tall wide");
    rc_html_put(html, "<label>Comment <textarea name=message rows=5></textarea></label>\n");
    if (may_change(page) || rc_pull_is_reviewer(pull, user_id)) {
        rc_html_put(html, "<label>Vote <select name=status><option value=\"\">none");
        for (i = 0; i < sizeof(votes) / sizeof(*votes); i++)
            rc_html_put(html, "<option value=%s>%s", votes[i], rc_review_label(votes[i]));
        rc_html_put(html, "</select></label>\n");
    }
    rc_html_put(html, "<label>File, for a comment on a line <input name=f_path></label>\n"
                      "<label>Its line: 12, or o12 for an old one <input name=line_no maxlength=10>"
                      "</label>\n<button>Comment</button></form>\n");
    if (pull->level >= RC_WRITE && !pull->closed && page->mergeable.possible) {
        open_form(html, page, "merge", "");
        rc_html_put(html, "<button>Merge into %s</button></form>\n", pull->target.name);
    }
}

/* --- comments --- */

static void put_comment(rc_html_t *html, const pull_page_t *page, const rc_repo_comment_t *row)
{
    rc_html_put(html, "<p class=dim id=comment-%" APR_INT64_T_FMT ">%s, ", row->id,
                row->author->username);
    rc_page_time(html, apr_time_sec(row->created_on), page->call->pool);
    if (row->f_path)
        rc_html_put(html, ", <span class=id>%s%s%s</span>", row->f_path, row->line_no ? ":" : "",
                    row->line_no);
    if (row->version)
        rc_html_put(html, ", on version %d", row->version);
    rc_page_comment_type(html, row->type, row->resolved_by);
    if (row->status)
        rc_html_put(html, ": <strong>%s</strong>", rc_review_label(row->status));
    rc_html_put(html, "</p>\n<pre>%s</pre>\n", row->message);
}

static void put_comments(rc_html_t *html, const pull_page_t *page)
{
    const rc_repo_comment_t *first = (const rc_repo_comment_t *)page->comments->elts;
    const char *id = apr_psprintf(page->call->pool, "%" APR_INT64_T_FMT, page->id);
    int i;

    rc_html_put(html, "<h2 id=comments>Comments</h2>\n");
    rc_page_comments_pages(html, page->call,
                           rc_page_link(page->call, "pull-request", id, NULL, page->call->pool),
                           page->older ? first->id : 0);
    if (!page->comments->nelts)
        rc_html_put(html, "<p>There are none.</p>\n");
    for (i = 0; i < page->comments->nelts; i++)
        put_comment(html, page, &APR_ARRAY_IDX(page->comments, i, rc_repo_comment_t));
}

/* --- what it offers --- */

/* Comments stand below the line that they are about, if the diff shows it. */
static void put_notes(rc_html_t *html, const rc_page_notes_t *notes, const char *path, char side,
                      apr_int64_t line)
{
    const pull_page_t *page = notes->baton;
    int i;

    for (i = 0; i < page->placed->nelts; i++) {
        const place_t *place = &APR_ARRAY_IDX(page->placed, i, place_t);

        if (place->line == line && place->side == side && path && !strcmp(place->path, path))
            rc_html_put(html,
                        "<tr class=h><td colspan=3><a href=\"#comment-%" APR_INT64_T_FMT
                        "\">%s</a>: %s\n",
                        place->comment_id, place->username, place->message);
    }
}

static rc_err_t *put_diff(rc_html_t *html, const pull_page_t *page, apr_pool_t *scratch)
{
    rc_view_call_t *call = page->call;
    const rc_page_notes_t notes = {put_notes, page};
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, scratch);
    const char *diff, *id = page->pull->source.id;
    apr_pool_t *view;
    rc_rev_t rev;
    rc_err_t *err;

    rc_html_put(html, "<h2>Changes</h2>\n");
    err = rc_pull_diff(spool, &call->actor, call->repo, page->pull, DIFF_MOST);
    if (err && err->kind == RC_E_LIMIT)
        rc_html_put(html, "<p>The diff is too large to be shown here.</p>\n");
    else if (err && (err->kind == RC_E_FAILED || err->kind == RC_E_INTERNAL))
        rc_html_put(html, "<p>The diff cannot be made.</p>\n");
    else
        RC_TRY(err);
    if (err) {
        rc_log(RC_LOG_WARNING, err->cause, "the diff of pull request %" APR_INT64_T_FMT ": %s",
               page->id, rc_err_log_text(err, scratch));
        return html->err;
    }
    RC_TRY(rc_vcs_resolve(&rev, call->vcs, id, scratch));
    apr_pool_create(&view, scratch);
    RC_TRY(rc_spool_view(&diff, spool, view));
    return rc_page_diff(html, call, rev.id, diff, (apr_size_t)rc_spool_size(spool),
                        page->placed->nelts ? &notes : NULL, view);
}

rc_err_t *rc_page_pull_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const pull_page_t *page = call->state;
    rc_html_t html = {.spool = spool};
    apr_pool_t *scratch;

    rc_page_open(&html, call, apr_psprintf(call->pool, "pull request %" APR_INT64_T_FMT, page->id),
                 "pull-request");
    put_facts(&html, page);
    put_comments(&html, page);
    if (call->actor.caller->csrf)
        put_forms(&html, page);
    apr_pool_create(&scratch, call->pool);
    RC_TRY(rc_page_pull_commits(&html, call, page->pull, page->source, scratch));
    apr_pool_clear(scratch);
    RC_TRY(put_diff(&html, page, scratch));
    if (call->actor.caller->csrf && may_change(page) && !page->pull->closed)
        put_changes(&html, page);
    rc_page_end(&html);
    return html.err;
}
