// SPDX-License-Identifier: Apache-2.0
/*
 * The page of a repository's commits, newest first, from any commit on; of a branch, tag or
 * bookmark only with `branch`, `tag` or `bookmark`.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "domain/repo.h"

#define A_PAGE    50
#define LOOK_MOST 5000 /* commits that are looked at for one page of a named branch */

#define DEEP_MOST 100000 /* commits of a branch that are passed over before a page */

typedef struct kind_t {
    const char *word, *title; /* for URLs and for people */
    rc_refs_t refs, more;     /* where its names are looked for, one after the other */
} kind_t;

/* RhodeCode's links have `branch`, and `tag` in what it sends to webhooks. */
static const kind_t kinds[] = {
    {"branch", "Branch", RC_BRANCHES, RC_CLOSED_BRANCHES},
    {"tag", "Tag", RC_TAGS, RC_TAGS},
    {"bookmark", "Bookmark", RC_BOOKMARKS, RC_BOOKMARKS},
};

typedef struct changelog_t {
    const kind_t *kind;       /* branch, tag or bookmark */
    const char *name;         /* of that; NULL: all commits */
    rc_rev_t tip;             /* of the branch, tag or bookmark */
    rc_rev_t start;           /* where the page begins */
    apr_array_header_t *revs; /* of rc_rev_t: those of the page */
    rc_rev_t next;            /* where the next page begins */
} changelog_t;

static void read_name(changelog_t *log, const rc_view_call_t *call)
{
    apr_size_t i;

    for (i = 0; i < sizeof(kinds) / sizeof(*kinds) && !log->name; i++) {
        const char *value = rc_query_parameter(call->request->query, kinds[i].word, call->pool);

        log->name = value && *value ? value : NULL;
        log->kind = &kinds[i];
    }
}

/* A branch and a tag can have the same name, and that can be the number or the id of a commit. */
static rc_err_t *find_tip(changelog_t *log, const rc_view_call_t *call)
{
    const kind_t *kind = log->kind;

    RC_TRY(rc_vcs_resolve_ref(&log->tip, call->vcs, kind->refs, log->name, call->pool));
    return log->tip.id || kind->more == kind->refs
               ? NULL
               : rc_vcs_resolve_ref(&log->tip, call->vcs, kind->more, log->name, call->pool);
}

static rc_err_t *find_start(changelog_t *log, rc_view_call_t *call)
{
    bool named = call->rev && *call->rev;

    if (rc_vcs_can(call->vcs)->paths_as_refs)
        log->name = NULL;
    if (log->name)
        RC_TRY(find_tip(log, call));
    log->start = log->tip;
    if (named || !log->name)
        RC_TRY(rc_vcs_resolve(&log->start, call->vcs, named ? call->rev : NULL, call->pool));
    if ((!log->start.id && (named || log->name)) || (!log->tip.id && log->name))
        return rc_view_refuse(call, 404, "No such commit or branch exists for this repository");
    return NULL;
}

rc_err_t *rc_page_changelog_prepare(rc_view_call_t *call)
{
    changelog_t *log = apr_pcalloc(call->pool, sizeof(*log));
    const char *state;

    call->state = log;
    read_name(log, call);
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

/* Takes commits in the order of the repository; with @a branch, those that belong to it. */
static rc_err_t *walk_order(changelog_t *log, rc_view_call_t *call, const char *branch,
                            apr_pool_t *scratch)
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
        if (branch)
            RC_TRY(is_on_branch(&is, call, &rev, branch, scratch));
        if (is)
            take(log, &rev);
        else if (++looked > LOOK_MOST)
            log->next = rev;
    }
    return NULL;
}

/* Lists the ids that @a from reaches, @a most of them, oldest first. */
static rc_err_t *list_reached(apr_array_header_t **ids, rc_view_call_t *call, const char *from,
                              int most)
{
    apr_array_header_t *heads = apr_array_make(call->pool, 1, sizeof(const char *));
    apr_array_header_t *none = apr_array_make(call->pool, 1, sizeof(const char *));

    APR_ARRAY_PUSH(heads, const char *) = from;
    return rc_vcs_new_commits(ids, call->vcs, heads, none, most, call->pool);
}

/* Takes the commits that the tip reaches, from the start on: no commit before the start has a lower
 * index. What only another parent of a merge reaches would be missing if it went on from there. */
static rc_err_t *walk_reached(changelog_t *log, rc_view_call_t *call)
{
    apr_int64_t before = log->tip.index - log->start.index;
    apr_array_header_t *ids;
    int i, at = -1;

    if (before >= 0 && before <= DEEP_MOST) {
        RC_TRY(list_reached(&ids, call, log->tip.id, (int)before + A_PAGE + 1));
        for (i = 0; i < ids->nelts; i++)
            if (!strcmp(APR_ARRAY_IDX(ids, i, const char *), log->start.id))
                at = i;
    }
    if (at < 0) {
        RC_TRY(list_reached(&ids, call, log->start.id, A_PAGE + 1));
        at = ids->nelts - 1;
    }
    for (i = at; i >= 0 && !log->next.id; i--) {
        rc_rev_t rev;

        RC_TRY(rc_vcs_resolve(&rev, call->vcs, APR_ARRAY_IDX(ids, i, const char *), call->pool));
        if (rev.id)
            take(log, &rev);
    }
    return NULL;
}

/* In Mercurial a branch is what its commits say; a tag or bookmark is where the list begins. */
static rc_err_t *find_revs(changelog_t *log, rc_view_call_t *call)
{
    bool named = rc_vcs_can(call->vcs)->named_branches;
    apr_pool_t *scratch;

    log->revs = apr_array_make(call->pool, A_PAGE, sizeof(rc_rev_t));
    apr_pool_create(&scratch, call->pool);
    if (log->name && !named)
        return walk_reached(log, call);
    return walk_order(log, call, log->name && log->kind->refs == RC_BRANCHES ? log->name : NULL,
                      scratch);
}

static void put_pages(rc_html_t *html, const changelog_t *log, const rc_view_call_t *call)
{
    apr_pool_t *pool = call->pool;
    const char *query = log->name ? apr_pstrcat(pool, "?", log->kind->word, "=",
                                                rc_page_escape(log->name, false, pool), NULL)
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
    if (log->name)
        rc_html_put(&html, "<h2>%s %s</h2>\n", log->kind->title, log->name);
    RC_TRY(find_revs(log, call));
    RC_TRY(rc_page_commits_table(&html, call, log->revs));
    put_pages(&html, log, call);
    rc_page_end(&html);
    return html.err;
}
