// SPDX-License-Identifier: Apache-2.0
/*
 * Writes tables of commits, with the branches, bookmarks and tags that lead to them.
 */
#include "page.h"

#include <apr_hash.h>
#include <apr_strings.h>

#include "base/log.h"

#define LINE_MOST   160 /* characters */
#define LABELS_MOST 8   /* of one commit */

typedef struct table_t {
    rc_html_t *html;
    rc_view_call_t *call;
    apr_hash_t *labels; /* id -> array of names; only the ids of the table */
    apr_pool_t *scratch;
} table_t;

static rc_err_t *take_label(void *baton, const char *name, const char *id)
{
    table_t *table = baton;
    apr_array_header_t *names = apr_hash_get(table->labels, id, APR_HASH_KEY_STRING);

    if (names && names->nelts < LABELS_MOST)
        APR_ARRAY_PUSH(names, const char *) = apr_pstrdup(names->pool, name);
    return NULL;
}

static rc_err_t *find_labels(table_t *table, const apr_array_header_t *revs)
{
    static const rc_refs_t kinds[] = {RC_BRANCHES, RC_BOOKMARKS, RC_TAGS};
    apr_pool_t *pool = table->call->pool;
    apr_size_t kind;
    int i;

    table->labels = apr_hash_make(pool);
    if (rc_vcs_can(table->call->vcs)->paths_as_refs)
        return NULL;
    for (i = 0; i < revs->nelts; i++)
        apr_hash_set(table->labels, APR_ARRAY_IDX(revs, i, rc_rev_t).id, APR_HASH_KEY_STRING,
                     apr_array_make(pool, 1, sizeof(const char *)));
    for (kind = 0; kind < sizeof(kinds) / sizeof(*kinds); kind++)
        RC_TRY(rc_vcs_refs(table->call->vcs, kinds[kind], take_label, table));
    return NULL;
}

static void put_labels(const table_t *table, const char *id)
{
    const apr_array_header_t *names = apr_hash_get(table->labels, id, APR_HASH_KEY_STRING);
    int i;

    for (i = 0; names && i < names->nelts; i++)
        rc_html_put(table->html, "<span class=ref>%s</span>",
                    APR_ARRAY_IDX(names, i, const char *));
}

/* A damaged commit does not fail the page: it is logged and named. */
static rc_err_t *put_commit(const table_t *table, const rc_rev_t *rev)
{
    const char *type = table->call->repo->type;
    const char *url = rc_page_link(table->call, "changeset", rev->id, NULL, table->scratch);
    const char *line = "(this commit cannot be read)", *author = NULL;
    rc_commit_t *commit = NULL;
    rc_err_t *err = rc_vcs_commit_short(&commit, table->call->vcs, rev, table->scratch);
    apr_int64_t time = 0;

    if (err && err->kind != RC_E_INTERNAL)
        return err;
    if (err) {
        rc_log(RC_LOG_WARNING, err->cause, "a page of %s: %s", table->call->repo->name,
               rc_err_log_text(err, table->scratch));
    } else {
        line = rc_page_first_line(commit->message, LINE_MOST, table->scratch);
        author = rc_page_name(commit->author, table->scratch);
        time = commit->time;
    }
    rc_html_put(table->html, "<tr><td class=fix>");
    rc_page_date(table->html, time, table->scratch);
    rc_html_put(table->html, "<td><a href=\"%s\">%s</a> ", url, line);
    put_labels(table, rev->id);
    rc_html_put(table->html,
                "<td class=\"more who\">%s<td class=\"more fix\"><a class=id href=\"%s\">%s</a>\n",
                author, url, rc_vcs_short_id(type, rev->id, table->scratch));
    return table->html->err;
}

rc_err_t *rc_page_commits_table(rc_html_t *html, rc_view_call_t *call,
                                const apr_array_header_t *revs)
{
    table_t table = {.html = html, .call = call};
    int i;

    if (!revs->nelts) {
        rc_html_put(html, "<p>There are no commits yet.</p>\n");
        return html->err;
    }
    RC_TRY(find_labels(&table, revs));
    apr_pool_create(&table.scratch, call->pool);
    rc_html_put(
        html,
        "<table class=list>\n<thead><tr><th scope=col class=fix>Date<th scope=col>Message"
        "<th scope=col class=\"more who\">Author<th scope=col class=\"more fix\">Commit<tbody>\n");
    for (i = 0; i < revs->nelts; i++) {
        apr_pool_clear(table.scratch);
        RC_TRY(put_commit(&table, &APR_ARRAY_IDX(revs, i, rc_rev_t)));
    }
    rc_html_put(html, "</table>\n");
    return html->err;
}
