// SPDX-License-Identifier: Apache-2.0
/*
 * The page of a repository's commits, newest first, from any commit on; of a branch only with
 * `branch`, in repositories whose commits belong to branches or are reached from them.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "domain/repo.h"

#define A_PAGE    50
#define LOOK_MOST 5000 /* commits that are looked at for one page of a named branch */

typedef struct changelog_t {
    const char *branch; /* NULL: all commits */
    rc_rev_t start;
    apr_array_header_t *revs; /* of rc_rev_t: those of the page */
    rc_rev_t next;            /* where the next page begins */
} changelog_t;

static rc_err_t *find_start(changelog_t *log, rc_view_call_t *call)
{
    bool named = call->rev && *call->rev;

    if (log->branch && (!*log->branch || rc_vcs_can(call->vcs)->paths_as_refs))
        log->branch = NULL;
    RC_TRY(rc_vcs_resolve(&log->start, call->vcs,
                          named         ? call->rev
                          : log->branch ? log->branch
                                        : NULL,
                          call->pool));
    if (!log->start.id && (named || log->branch))
        return rc_view_refuse(call, 404, "No such commit or branch exists for this repository");
    return NULL;
}

rc_err_t *rc_page_changelog_prepare(rc_view_call_t *call)
{
    changelog_t *log = apr_pcalloc(call->pool, sizeof(*log));
    const char *state;

    call->state = log;
    log->branch = rc_query_parameter(call->request->query, "branch", call->pool);
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(find_start(log, call));
    if (call->status != 200)
        return NULL;
    RC_TRY(rc_vcs_state(&state, call->vcs, call->pool));
    rc_page_validate(call, state);
    return NULL;
}

static void take(changelog_t *log, const rc_rev_t *rev)
{
    if (log->revs->nelts < A_PAGE)
        APR_ARRAY_PUSH(log->revs, rc_rev_t) = *rev;
    else if (!log->next.id)
        log->next = *rev;
}

/* Returns whether the commit belongs to the branch of that name. */
static rc_err_t *is_on_branch(bool *is, rc_view_call_t *call, const rc_rev_t *rev,
                              const char *branch, apr_pool_t *scratch)
{
    rc_commit_t *commit;

    RC_TRY(rc_vcs_commit_short(&commit, call->vcs, rev, scratch));
    *is = commit->branch && !strcmp(commit->branch, branch);
    return NULL;
}

/* Takes commits in the order of the repository; with a branch, those that belong to it. */
static rc_err_t *walk_order(changelog_t *log, rc_view_call_t *call, apr_pool_t *scratch)
{
    apr_int64_t at = log->start.index;
    int looked = 0;

    for (; at >= 0 && !log->next.id; at--) {
        bool is = true;
        rc_rev_t rev;

        RC_TRY(rc_vcs_rev_at(&rev, call->vcs, at, call->pool));
        if (!rev.id) /* it is hidden */
            continue;
        apr_pool_clear(scratch);
        if (log->branch)
            RC_TRY(is_on_branch(&is, call, &rev, log->branch, scratch));
        if (is)
            take(log, &rev);
        else if (++looked > LOOK_MOST)
            log->next = rev;
    }
    return NULL;
}

/* Takes the commits that the start reaches. */
static rc_err_t *walk_reached(changelog_t *log, rc_view_call_t *call)
{
    apr_array_header_t *heads = apr_array_make(call->pool, 1, sizeof(const char *)), *ids;
    apr_array_header_t *none = apr_array_make(call->pool, 1, sizeof(const char *));
    int i;

    APR_ARRAY_PUSH(heads, const char *) = log->start.id;
    RC_TRY(rc_vcs_new_commits(&ids, call->vcs, heads, none, A_PAGE + 1, call->pool));
    for (i = ids->nelts - 1; i >= 0; i--) {
        rc_rev_t rev;

        RC_TRY(rc_vcs_resolve(&rev, call->vcs, APR_ARRAY_IDX(ids, i, const char *), call->pool));
        if (rev.id)
            take(log, &rev);
    }
    return NULL;
}

static rc_err_t *find_revs(changelog_t *log, rc_view_call_t *call)
{
    apr_pool_t *scratch;

    log->revs = apr_array_make(call->pool, A_PAGE, sizeof(rc_rev_t));
    apr_pool_create(&scratch, call->pool);
    if (log->branch && !rc_vcs_can(call->vcs)->named_branches)
        return walk_reached(log, call);
    return walk_order(log, call, scratch);
}

static void put_pages(rc_html_t *html, const changelog_t *log, const rc_view_call_t *call)
{
    apr_pool_t *pool = call->pool;
    const char *query =
        log->branch ? apr_pstrcat(pool, "?branch=", rc_page_escape(log->branch, false, pool), NULL)
                    : "";

    if (!log->next.id && !call->rev)
        return;
    rc_html_put(html, "<nav aria-label=Pages><p>");
    if (call->rev)
        rc_html_put(html, "<a href=\"%s%s\">Newest</a> ",
                    rc_page_link(call, "changelog", NULL, NULL, pool), query);
    if (log->next.id)
        rc_html_put(html, "<a rel=next href=\"%s%s\">Older</a>",
                    rc_page_link(call, "changelog", log->next.id, NULL, pool), query);
    rc_html_put(html, "</p></nav>\n");
}

rc_err_t *rc_page_changelog_write(rc_view_call_t *call, rc_spool_t *spool)
{
    changelog_t *log = call->state;
    rc_html_t html = {.spool = spool};

    rc_page_open(&html, call, "changelog", "changelog");
    if (log->branch)
        rc_html_put(&html, "<h2>Branch %s</h2>\n", log->branch);
    RC_TRY(find_revs(log, call));
    RC_TRY(rc_page_commits_table(&html, call, log->revs));
    put_pages(&html, log, call);
    rc_page_end(&html);
    return html.err;
}
