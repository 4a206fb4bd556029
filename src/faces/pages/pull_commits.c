// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the commits that a pull request offers. Those of another repository may not be in the
 * target yet (in Mercurial they come by the merge): they are read where they come from.
 */
#include "page.h"

#include <apr_strings.h>

#include "base/log.h"
#include "domain/repo.h"

#define COMMITS_MOST 100
#define LINE_MOST    160 /* characters */

typedef struct offered_t {
    rc_view_call_t *call;
    const rc_repo_t *source; /* NULL: nothing can be read there */
    rc_vcs_t *source_vcs;    /* NULL: nobody has needed it */
} offered_t;

/* Finds a commit in the source; one that cannot be opened is the same as none. */
static rc_err_t *find_in_source(rc_rev_t *rev, offered_t *offered, const char *id,
                                apr_pool_t *scratch)
{
    rc_view_call_t *call = offered->call;
    rc_err_t *err = NULL;

    if (offered->source && !offered->source_vcs)
        err = rc_repo_open(&offered->source_vcs, call->env, offered->source, &call->actor.work,
                           call->pool);
    if (!err && offered->source)
        return rc_vcs_resolve(rev, offered->source_vcs, id, scratch);
    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "the source of a pull request: %s",
               rc_err_log_text(err, scratch));
    offered->source = NULL;
    return NULL;
}

/* Writes the id, as a link to the page of the commit in @a repo (NULL: it has none). */
static void put_id(rc_html_t *html, const rc_view_call_t *call, const rc_repo_t *repo,
                   const char *id, apr_pool_t *scratch)
{
    const char *shown = rc_vcs_short_id(call->repo->type, id, scratch);

    if (repo)
        rc_html_put(html, "<a class=id href=\"%s/%s/changeset/%s\">%s</a>\n",
                    rc_page_base(call->request, scratch), rc_page_escape(repo->name, true, scratch),
                    id, shown);
    else
        rc_html_put(html, "<span class=id>%s</span>\n", shown);
}

/* A commit that no branch of the target reaches has no page there; git has it all the same. */
static rc_err_t *put_offered(rc_html_t *html, offered_t *offered, const char *id,
                             apr_pool_t *scratch)
{
    rc_view_call_t *call = offered->call;
    const rc_repo_t *repo = call->repo;
    const char *line = "(this commit cannot be read)", *author = NULL;
    rc_vcs_t *vcs = call->vcs;
    rc_commit_t *commit = NULL;
    rc_rev_t rev;
    rc_err_t *err;

    RC_TRY(rc_vcs_resolve(&rev, vcs, id, scratch));
    if (!rev.id) {
        RC_TRY(find_in_source(&rev, offered, id, scratch));
        repo = rev.id ? offered->source : NULL;
        vcs = rev.id ? offered->source_vcs : vcs;
    }
    if (!rev.id)
        rev = (rc_rev_t){-1, id};
    err = rc_vcs_commit_short(&commit, vcs, &rev, scratch);
    if (err && err->kind != RC_E_INTERNAL)
        return err;
    rc_html_put(html, "<tr><td class=fix>");
    if (commit) {
        rc_page_date(html, commit->time, scratch);
        line = rc_page_first_line(commit->message, LINE_MOST, scratch);
        author = rc_page_name(commit->author, scratch);
    }
    rc_html_put(html, "<td>%s<td class=\"more who\">%s<td class=\"more fix\">", line, author);
    put_id(html, call, repo, id, scratch);
    return html->err;
}

rc_err_t *rc_page_pull_commits(rc_html_t *html, rc_view_call_t *call, const rc_pull_request_t *pull,
                               const rc_repo_t *source, apr_pool_t *scratch)
{
    offered_t offered = {call, source, NULL};
    const apr_array_header_t *ids = pull->commits;
    int i;

    rc_html_put(html,
                "<h2>Commits</h2>\n<table class=list>\n<thead><tr><th scope=col class=fix>Date"
                "<th scope=col>Message<th scope=col class=\"more who\">Author"
                "<th scope=col class=\"more fix\">Commit<tbody>\n");
    for (i = 0; i < ids->nelts && i < COMMITS_MOST; i++) {
        apr_pool_clear(scratch);
        RC_TRY(put_offered(html, &offered, APR_ARRAY_IDX(ids, i, const char *), scratch));
    }
    rc_html_put(html, "</table>\n");
    if (ids->nelts > COMMITS_MOST)
        rc_html_put(html, "<p>... and %d older ones</p>\n", ids->nelts - COMMITS_MOST);
    return html->err;
}
