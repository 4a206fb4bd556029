// SPDX-License-Identifier: Apache-2.0
/*
 * The page of one file in two commits: /<repo>/diff/<path>?diff1=&diff2=, with the parameters of
 * the raw view (contract 03 §9), to which build servers link.
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "base/query.h"
#include "domain/repo.h"

#define CONTEXT   3
#define DIFF_MOST ((apr_off_t)1 << 20) /* bytes; a larger diff is not shown */
#define NEED_SIDES                                                                                 \
    "Need query parameter \"diff1\" or \"diff2\" to generate a diff." /* as the raw view */

typedef struct version_t {
    const char *path, *rev; /* rev "": nothing */
    const char *commit;
    rc_entry_t entry;
} version_t;

typedef struct two_t {
    version_t before, after;
} two_t;

/* Reads "rev", or "path@rev" for a file that had another name. */
static void read_parameter(version_t *side, const rc_view_call_t *call, const char *name)
{
    const char *value = rc_query_parameter(call->request->query, name, call->pool);
    const char *at = value ? strrchr(value, '@') : NULL;

    side->path = at ? apr_pstrmemdup(call->pool, value, (apr_size_t)(at - value)) : call->rest;
    side->rev = at ? at + 1 : value ? value : "";
}

static rc_err_t *find_file(version_t *side, rc_view_call_t *call)
{
    rc_rev_t rev;

    if (!*side->rev || call->status != 200)
        return NULL;
    RC_TRY(rc_vcs_resolve(&rev, call->vcs, side->rev, call->pool));
    side->commit = rev.id;
    if (!side->commit)
        return rc_view_refuse(call, 404, "No such commit exists for this repository");
    RC_TRY(rc_vcs_entry(&side->entry, call->vcs, side->commit, side->path, call->pool));
    if (side->entry.kind == RC_ENTRY_DIR || side->entry.kind == RC_ENTRY_SUBMODULE)
        return rc_view_refuse(call, 404, "The given path is a directory");
    return NULL;
}

rc_err_t *rc_page_file_diff_prepare(rc_view_call_t *call)
{
    two_t *two = apr_pcalloc(call->pool, sizeof(*two));

    call->state = two;
    read_parameter(&two->before, call, "diff1");
    read_parameter(&two->after, call, "diff2");
    if (!*two->before.rev && !*two->after.rev)
        return rc_view_refuse(call, 400, NEED_SIDES);
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(find_file(&two->before, call));
    RC_TRY(find_file(&two->after, call));
    if (call->status != 200)
        return NULL;
    if (two->before.entry.kind == RC_ENTRY_NONE && two->after.entry.kind == RC_ENTRY_NONE)
        return rc_view_refuse(call, 404, "There is no file at this path of the commits");
    rc_page_validate(call, apr_psprintf(call->pool, "%s %d %s %d", two->before.entry.id,
                                        two->before.entry.kind, two->after.entry.id,
                                        two->after.entry.kind));
    return NULL;
}

static void put_side(rc_html_t *html, const rc_view_call_t *call, const version_t *side)
{
    if (!side->commit)
        rc_html_put(html, "nothing");
    else
        rc_html_put(html, "<a class=id href=\"%s\">%s</a>",
                    rc_page_link(call, "changeset", side->commit, NULL, call->pool),
                    rc_vcs_short_id(call->repo->type, side->commit, call->pool));
}

static rc_err_t *put_diff(rc_html_t *html, rc_view_call_t *call, const two_t *two)
{
    const rc_diff_options_t options = {.context = CONTEXT};
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, call->pool);
    const char *diff, *rev = two->after.commit ? two->after.commit : two->before.commit;
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
    return rc_page_diff(html, call, rev, diff, (apr_size_t)rc_spool_size(spool), call->pool);
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
