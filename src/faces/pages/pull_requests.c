// SPDX-License-Identifier: Apache-2.0
/*
 * The page that lists the pull requests into a repository, the newest first: the open ones, or with
 * `status=closed` the others; with a form for those who have logged in.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "base/text.h"
#include "domain/pull_request.h"
#include "domain/repo.h"

#define A_PAGE     50
#define TITLE_MOST 160 /* characters */
#define NAMES_MOST 200 /* of branches in the form */

/* A row of the table. */
typedef struct row_t {
    apr_int64_t id;
    const char *title, *author, *from, *into, *status;
    apr_int64_t updated_on; /* microseconds */
} row_t;

typedef struct pull_list_t {
    rc_view_call_t *call;
    rc_pull_range_t range;
    apr_array_header_t *rows;                 /* row_t: those of the page, and one more */
    apr_array_header_t *branches, *bookmarks; /* const char *, for the form; NULL: there is none */
} pull_list_t;

const char *rc_page_pull_source(const rc_pull_request_t *pull, apr_pool_t *pool)
{
    const char *name = apr_pstrdup(pool, pull->source.name);

    if (pull->source.repo_id == pull->target.repo_id)
        return name;
    return apr_pstrcat(pool, pull->source.repo ? pull->source.repo : "another repository", ": ",
                       name, NULL);
}

static rc_err_t *copy_pull(void *baton, const rc_pull_request_t *pull, apr_pool_t *scratch)
{
    const pull_list_t *listing = baton;
    apr_pool_t *pool = listing->call->pool;
    row_t *row = apr_array_push(listing->rows);

    (void)scratch;
    *row = (row_t){
        .id = pull->id,
        .title = rc_page_first_line(pull->title, TITLE_MOST, pool),
        .author = apr_pstrdup(pool, pull->author.user->username),
        .from = rc_page_pull_source(pull, pool),
        .into = apr_pstrdup(pool, pull->target.name),
        .status = pull->closed ? (pull->merge_rev ? "Merged" : "Closed")
                               : rc_review_label(rc_pull_review_status(pull)),
        .updated_on = pull->updated_on,
    };
    return NULL;
}

static rc_err_t *read_pulls(rc_actor_t *actor, void *baton)
{
    pull_list_t *listing = baton;

    return rc_store_pull_requests_each(actor->db, rc_caller_viewer(actor->caller), &listing->range,
                                       copy_pull, listing, actor->pool);
}

/* The form cannot name more of them, but who writes a name can. */
static rc_err_t *take_name(void *baton, const char *name, const char *id)
{
    apr_array_header_t *names = baton;

    (void)id;
    if (names->nelts < NAMES_MOST)
        APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(names->pool, name);
    return NULL;
}

static rc_err_t *read_names(pull_list_t *listing)
{
    rc_view_call_t *call = listing->call;

    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    if (!rc_vcs_can(call->vcs)->merges)
        return NULL;
    listing->branches = apr_array_make(call->pool, 16, sizeof(const char *));
    listing->bookmarks = apr_array_make(call->pool, 1, sizeof(const char *));
    RC_TRY(rc_vcs_refs(call->vcs, RC_BRANCHES, take_name, listing->branches));
    return rc_vcs_can(call->vcs)->bookmarks
               ? rc_vcs_refs(call->vcs, RC_BOOKMARKS, take_name, listing->bookmarks)
               : NULL;
}

rc_err_t *rc_page_pulls_prepare(rc_view_call_t *call)
{
    const char *status = rc_query_parameter(call->request->query, "status", call->pool);
    const char *after = rc_query_parameter(call->request->query, "after", call->pool);
    pull_list_t *listing = apr_pcalloc(call->pool, sizeof(*listing));

    listing->call = call;
    listing->rows = apr_array_make(call->pool, A_PAGE, sizeof(row_t));
    listing->range = (rc_pull_range_t){.target_id = call->repo->id,
                                       .closed = status && !strcmp(status, "closed"),
                                       .page = {.most = A_PAGE + 1}};
    if (after && !rc_text_int(&listing->range.page.after_id, after))
        listing->range.page.after_id = 0;
    RC_TRY(rc_actor_read(&call->actor, read_pulls, listing));
    if (call->actor.caller->csrf)
        RC_TRY(read_names(listing));
    call->state = listing;
    rc_page_validate(call, NULL);
    return NULL;
}

static void put_pull(rc_html_t *html, const rc_view_call_t *call, const row_t *row)
{
    const char *id = apr_psprintf(call->pool, "%" APR_INT64_T_FMT, row->id);

    rc_html_put(html,
                "<tr><td class=fix>%s<td><a href=\"%s\">%s</a><br><span class=dim>%s into %s"
                "</span><td class=\"more who\">%s<td class=fix>%s<td class=\"more fix\">",
                id, rc_page_link(call, "pull-request", id, NULL, call->pool), row->title, row->from,
                row->into, row->author, row->status);
    rc_page_date(html, apr_time_sec(row->updated_on), call->pool);
    rc_html_put(html, "\n");
}

static void put_pulls(rc_html_t *html, const pull_list_t *listing)
{
    int i;

    rc_html_put(html,
                "<table class=list>\n<thead><tr><th scope=col class=fix>No.<th scope=col>Title"
                "<th scope=col class=\"more who\">Author<th scope=col class=fix>Status"
                "<th scope=col class=\"more fix\">Changed<tbody>\n");
    for (i = 0; i < listing->rows->nelts && i < A_PAGE; i++)
        put_pull(html, listing->call, &APR_ARRAY_IDX(listing->rows, i, row_t));
    rc_html_put(html, "</table>\n");
}

/* Links to the open ones, the closed ones, and the next page. */
static void put_choice(rc_html_t *html, const char *url, bool closed)
{
    rc_html_put(html, "<nav aria-label=Status><p class=links><a href=\"%s\"", url);
    rc_html_put(html, closed ? ">Open</a> " : " aria-current=page>Open</a> ");
    rc_html_put(html, "<a href=\"%s?status=closed\"", url);
    rc_html_put(html, closed ? " aria-current=page>Closed</a>" : ">Closed</a>");
    rc_html_put(html, "</p></nav>\n");
}

static void put_names(rc_html_t *html, const char *type, const apr_array_header_t *names)
{
    int i;

    for (i = 0; i < names->nelts; i++)
        rc_html_put(html, "<option value=\"%s:%s\">%s\n", type,
                    APR_ARRAY_IDX(names, i, const char *), APR_ARRAY_IDX(names, i, const char *));
}

static void put_all_names(rc_html_t *html, const pull_list_t *listing)
{
    put_names(html, "branch", listing->branches);
    put_names(html, "bookmark", listing->bookmarks);
}

/* A source can be another repository: its branches are written. */
static void put_form(rc_html_t *html, const pull_list_t *listing)
{
    const rc_view_call_t *call = listing->call;

    rc_html_put(html,
                "<h2>Open a pull request</h2>\n<form class=\"tall wide\" method=post "
                "action=\"%s/_admin/pull_request/new\">"
                "<input type=hidden name=csrf_token value=\"%s\">"
                "<input type=hidden name=target_repo value=\"%s\">\n"
                "<label>From repository <input name=source_repo required value=\"%s\"></label>\n"
                "<label>Its branch <input name=source required list=names></label>\n"
                "<datalist id=names>\n",
                rc_page_base(call->request, call->pool), call->actor.caller->csrf, call->repo->name,
                call->repo->name);
    put_all_names(html, listing);
    rc_html_put(html, "</datalist>\n<label>Into <select name=target>\n");
    put_all_names(html, listing);
    rc_html_put(html, "</select></label>\n<label>Title <input name=title maxlength=255></label>\n"
                      "<label>Description <textarea name=description rows=5></textarea></label>\n"
                      "<label>Reviewers: names of users <input name=reviewers></label>\n"
                      "<button>Open</button></form>\n");
}

rc_err_t *rc_page_pulls_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const pull_list_t *listing = call->state;
    const char *url = rc_page_link(call, "pull-request", NULL, NULL, call->pool);
    bool closed = listing->range.closed;
    rc_html_t html = {.spool = spool};

    rc_page_open(&html, call, "pull requests", "pull-request");
    put_choice(&html, url, closed);
    if (listing->rows->nelts)
        put_pulls(&html, listing);
    else
        rc_html_put(&html, closed
                               ? "<p>No pull request is closed.</p>\n"
                               : "<p>No pull request is open. Who has logged in can open one here,"
                                 " and the method <code>create_pull_request</code> of the API "
                                 "makes one.</p>\n");
    if (listing->rows->nelts > A_PAGE)
        rc_html_put(&html,
                    "<nav aria-label=Pages><p><a rel=next href=\"%s?%safter=%" APR_INT64_T_FMT
                    "\">Older</a></p></nav>\n",
                    url, closed ? "status=closed&" : "",
                    APR_ARRAY_IDX(listing->rows, A_PAGE - 1, row_t).id);
    if (!closed && listing->branches && listing->branches->nelts)
        put_form(&html, listing);
    rc_page_end(&html);
    return html.err;
}
