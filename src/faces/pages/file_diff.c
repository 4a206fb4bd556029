// SPDX-License-Identifier: Apache-2.0
/*
 * The page of one file in two commits: /<repo>/diff/<path>?diff1=&diff2=, with the parameters of
 * the raw view (contract 03 §9), to which build servers link.
 */
#include "page.h"

#include <apr_strings.h>

#include "domain/repo.h"
#include "faces/view_pair.h"

#define CONTEXT   3
#define DIFF_MOST ((apr_off_t)1 << 20) /* bytes; a larger diff is not shown */

typedef struct two_t {
    rc_view_side_t before, after;
} two_t;

rc_err_t *rc_page_file_diff_prepare(rc_view_call_t *call)
{
    two_t *two = apr_pcalloc(call->pool, sizeof(*two));

    call->state = two;
    rc_view_pair_read(&two->before, &two->after, call);
    if (call->status != 200)
        return NULL;
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(rc_view_side_find(&two->before, call));
    RC_TRY(rc_view_side_find(&two->after, call));
    if (call->status != 200)
        return NULL;
    if (two->before.entry.kind == RC_ENTRY_NONE && two->after.entry.kind == RC_ENTRY_NONE)
        return rc_view_refuse(call, 404, "There is no file at this path of the commits");
    rc_page_validate(call, apr_psprintf(call->pool, "%s %d %s %d", two->before.entry.id,
                                        two->before.entry.kind, two->after.entry.id,
                                        two->after.entry.kind));
    return NULL;
}

static void put_side(rc_html_t *html, const rc_view_call_t *call, const rc_view_side_t *side)
{
    if (!side->found.id)
        rc_html_put(html, "nothing");
    else
        rc_html_put(html, "<a class=id href=\"%s\">%s</a>",
                    rc_page_link(call, "changeset", side->found.id, NULL, call->pool),
                    rc_vcs_short_id(call->repo->type, side->found.id, call->pool));
}

static rc_err_t *put_diff(rc_html_t *html, rc_view_call_t *call, const two_t *two)
{
    const rc_diff_options_t options = {.context = CONTEXT};
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, call->pool);
    const char *diff, *rev = two->after.found.id ? two->after.found.id : two->before.found.id;
    rc_err_t *err;

    rc_spool_set_limit(spool, DIFF_MOST);
    err = rc_vcs_diff_files(spool, call->vcs, &two->before.entry, &two->after.entry, &options,
                            call->pool);
    if (err && err->kind == RC_E_LIMIT) {
        rc_html_put(html, "<p>The diff is too large to be shown here.</p>\n");
        return html->err;
    }
    RC_TRY(err);
    RC_TRY(rc_spool_view(&diff, spool, call->pool));
    return rc_page_diff(html, call, rev, diff, (apr_size_t)rc_spool_size(spool), NULL, call->pool);
}

rc_err_t *rc_page_file_diff_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const two_t *two = call->state;
    rc_html_t html = {.spool = spool};

    rc_page_open(&html, call, "diff", "changelog");
    rc_html_put(&html, "<h2>%s</h2>\n<p class=dim>from ", call->rest);
    put_side(&html, call, &two->before);
    rc_html_put(&html, " to ");
    put_side(&html, call, &two->after);
    rc_html_put(&html, "</p>\n");
    RC_TRY(put_diff(&html, call, two));
    rc_page_end(&html);
    return html.err;
}
