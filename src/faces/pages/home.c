// SPDX-License-Identifier: Apache-2.0
/*
 * The page of a server: the repositories that the visitor may read, by name, with a filter. All of
 * it comes from the database; no repository is opened.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "base/text.h"
#include "domain/last_changeset.h"

#define A_PAGE    100
#define LINE_MOST 100 /* characters */

/* A repository of the list. */
typedef struct row_t {
    const char *name, *description, *type;
    const char *line, *author; /* of the last commit; NULL: there is none */
    apr_int64_t time;
    bool private_;
} row_t;

typedef struct home_t {
    const char *words; /* of the filter */
    int page, total;
    apr_array_header_t *rows; /* of row_t */
    rc_view_call_t *call;
} home_t;

static rc_err_t *copy_row(void *baton, const rc_repo_t *repo, apr_pool_t *scratch)
{
    home_t *home = baton;
    apr_pool_t *pool = home->call->pool;
    row_t *row = apr_array_push(home->rows);
    const rc_commit_t *last = rc_last_commit(&repo->last, scratch);

    row->name = apr_pstrdup(pool, repo->name);
    row->description = rc_page_description(repo);
    if (*row->description)
        row->description = rc_page_first_line(row->description, 200, pool);
    row->type = apr_pstrdup(pool, repo->type);
    row->private_ = repo->private_;
    if (!last)
        return NULL;
    row->line = rc_page_first_line(last->message, LINE_MOST, pool);
    row->author = apr_pstrdup(pool, rc_page_name(last->author, scratch));
    row->time = last->time;
    return NULL;
}

rc_err_t *rc_page_home_prepare(rc_view_call_t *call)
{
    const char *words = rc_query_parameter(call->request->query, "q", call->pool);
    const char *page = rc_query_parameter(call->request->query, "page", call->pool);
    home_t *home = apr_pcalloc(call->pool, sizeof(*home));
    rc_repo_search_t search;
    apr_int64_t number;

    home->call = call;
    home->words = words ? words : "";
    home->page =
        page && rc_text_int(&number, page) && number > 1 && number < 1000000 ? (int)number : 1;
    home->rows = apr_array_make(call->pool, A_PAGE, sizeof(row_t));
    search = (rc_repo_search_t){
        .words = home->words, .first = (home->page - 1) * A_PAGE, .most = A_PAGE};
    RC_TRY(rc_actor_lists(&call->actor));
    RC_TRY(rc_store_repos_found(&home->total, call->actor.db, rc_caller_viewer(call->actor.caller),
                                &search, copy_row, home, call->pool));
    call->state = home;
    rc_page_validate(call, NULL);
    return NULL;
}

static void put_row(rc_html_t *html, const row_t *row, const char *base, apr_pool_t *scratch)
{
    rc_html_put(html, "<tr><td><a href=\"%s/%s\">%s</a>%s", base,
                rc_page_escape(row->name, true, scratch), row->name,
                row->private_ ? " (private)" : "");
    if (*row->description)
        rc_html_put(html, "<br><span class=dim>%s</span>", row->description);
    rc_html_put(html, "<td class=\"more fix\">%s<td class=fix>", row->type);
    if (row->line)
        rc_page_date(html, row->time, scratch);
    rc_html_put(html, "<td class=more>%s<td class=\"more who\">%s\n", row->line, row->author);
}

static void put_rows(rc_html_t *html, const home_t *home, const char *base)
{
    apr_pool_t *scratch;
    int i;

    rc_html_put(
        html,
        "<table class=list>\n<thead><tr><th scope=col>Name<th scope=col class=\"more fix\">Type"
        "<th scope=col class=fix>Changed<th scope=col class=more>Last commit<th scope=col "
        "class=\"more who\">Author"
        "<tbody>\n");
    apr_pool_create(&scratch, home->call->pool);
    for (i = 0; i < home->rows->nelts; i++) {
        apr_pool_clear(scratch);
        put_row(html, &APR_ARRAY_IDX(home->rows, i, row_t), base, scratch);
    }
    rc_html_put(html, "</table>\n");
}

/* Links to the pages before and after this one. */
static void put_neighbours(rc_html_t *html, const home_t *home, const char *base)
{
    const char *words = rc_page_escape(home->words, false, home->call->pool);
    int last = (home->total + A_PAGE - 1) / A_PAGE;

    if (last < 2)
        return;
    rc_html_put(html, "<nav aria-label=Pages><p>");
    if (home->page > 1)
        rc_html_put(html, "<a rel=prev href=\"%s/?q=%s&amp;page=%d\">Previous</a> ", base, words,
                    home->page - 1);
    rc_html_put(html, "Page %d of %d", home->page, last);
    if (home->page < last)
        rc_html_put(html, " <a rel=next href=\"%s/?q=%s&amp;page=%d\">Next</a>", base, words,
                    home->page + 1);
    rc_html_put(html, "</p></nav>\n");
}

rc_err_t *rc_page_home_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const home_t *home = call->state;
    const char *base = rc_page_base(call->request, call->pool);
    rc_html_t html = {.spool = spool};

    rc_page_open(&html, call, "Repositories", NULL);
    rc_html_put(&html, "<h1>Repositories</h1>\n");
    rc_html_put(&html,
                "<form action=\"%s/\" role=search><label>Name or description "
                "<input type=search name=q value=\"%s\" maxlength=255></label>"
                "<button>Filter</button></form>\n",
                base, home->words);
    if (home->rows->nelts)
        put_rows(&html, home, base);
    else
        rc_html_put(&html, "<p>%s</p>\n",
                    *home->words ? "No repository fits."
                                 : "There is no repository that you may "
                                   "read.");
    put_neighbours(&html, home, base);
    rc_page_end(&html);
    return html.err;
}
