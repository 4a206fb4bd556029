// SPDX-License-Identifier: Apache-2.0
/*
 * The page of a repository: what it is, how to get it, its last commits, branches and tags.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/repo.h"

#define COMMITS 20
#define REFS    10 /* of a kind */

typedef struct command_t {
    const char *type, *words;
} command_t;

/* What gets a copy of a repository. */
static const command_t commands[] = {
    {"git", "git clone"}, {"hg", "hg clone"}, {"svn", "svn checkout"}, {NULL, NULL}};

/* Returns the command for the repository; NULL: its type has none, or none that works here. */
static const char *command_for(const rc_view_call_t *call)
{
    const command_t *command = commands;

    while (command->type && strcmp(command->type, call->repo->type))
        command++;
    return call->request->has_clients(call->request->server, call->repo->type) ? command->words
                                                                               : NULL;
}

rc_err_t *rc_page_summary_prepare(rc_view_call_t *call)
{
    const char *state, *command = command_for(call);

    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(rc_vcs_state(&state, call->vcs, call->pool));
    rc_page_validate(call, apr_pstrcat(call->pool, state, "\n", call->repo->owner, "\n",
                                       command ? command : "", "\n", call->repo->fork_of, NULL));
    return NULL;
}

static void put_facts(rc_html_t *html, const rc_view_call_t *call)
{
    const rc_repo_t *repo = call->repo;
    const char *command = command_for(call), *name = rc_page_escape(repo->name, true, call->pool);

    if (*rc_page_description(repo))
        rc_html_put(html, "<p>%s</p>\n", rc_page_description(repo));
    rc_html_put(html, "<dl>\n");
    if (command)
        rc_html_put(html, "<dt>Get a copy<dd><code>%s %s/%s</code>\n", command,
                    call->request->base_url, name);
    rc_html_put(html, "<dt>Owner<dd>%s\n", repo->owner);
    if (repo->fork_of)
        rc_html_put(html, "<dt>Fork of<dd><a href=\"%s/%s\">%s</a>\n",
                    rc_page_base(call->request, call->pool),
                    rc_page_escape(repo->fork_of, true, call->pool), repo->fork_of);
    rc_html_put(
        html,
        "<dt>Feeds<dd class=links><a href=\"%s/atom\">Atom</a> <a href=\"%s/rss\">RSS</a>\n</dl>\n",
        rc_page_link(call, "feed", NULL, NULL, call->pool),
        rc_page_link(call, "feed", NULL, NULL, call->pool));
}

/* Lists the last commits. */
static rc_err_t *find_last(apr_array_header_t **revs, rc_view_call_t *call)
{
    apr_int64_t at;

    *revs = apr_array_make(call->pool, COMMITS, sizeof(rc_rev_t));
    RC_TRY(rc_vcs_count(&at, call->vcs));
    while (--at >= 0 && (*revs)->nelts < COMMITS) {
        rc_rev_t rev;

        RC_TRY(rc_vcs_rev_at(&rev, call->vcs, at, call->pool));
        if (rev.id)
            APR_ARRAY_PUSH(*revs, rc_rev_t) = rev;
    }
    return NULL;
}

rc_err_t *rc_page_summary_write(rc_view_call_t *call, rc_spool_t *spool)
{
    rc_html_t html = {.spool = spool};
    apr_array_header_t *revs, *branches, *tags;

    RC_TRY(find_last(&revs, call));
    RC_TRY(rc_page_refs(&branches, call, RC_BRANCHES));
    RC_TRY(rc_page_refs(&tags, call, RC_TAGS));
    rc_page_open(&html, call, NULL, "");
    put_facts(&html, call);
    rc_html_put(&html, "<h2>Last commits</h2>\n");
    RC_TRY(rc_page_commits_table(&html, call, revs));
    if (revs->nelts == COMMITS)
        rc_html_put(&html, "<p><a href=\"%s\">All commits</a></p>\n",
                    rc_page_link(call, "changelog", NULL, NULL, call->pool));
    rc_page_refs_table(&html, call, "Branches", branches, REFS);
    rc_page_refs_table(&html, call, "Tags", tags, REFS);
    rc_page_end(&html);
    return html.err;
}
