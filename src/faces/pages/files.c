// SPDX-License-Identifier: Apache-2.0
/*
 * The pages of a revision's files: a directory, a text with numbered lines, a picture, or links to
 * what a page does not show.
 */
#include "files.h"

#include <string.h>

#include <apr_strings.h>

#include "base/mime.h"
#include "base/hex.h"
#include "base/text.h"
#include "domain/repo.h"

/* --- what the URL names --- */

static rc_err_t *refuse_missing(rc_view_call_t *call)
{
    return rc_view_refuse(call, 404, "There is no file nor directory at this path of the commit");
}

static rc_err_t *find_place(rc_page_place_t *place, rc_view_call_t *call)
{
    const char *path = call->rest ? call->rest : "";
    apr_int64_t count;

    RC_TRY(rc_vcs_resolve(&place->rev, call->vcs, call->rev, call->pool));
    if (!place->rev.id) {
        RC_TRY(rc_vcs_count(&count, call->vcs));
        if (count || *path)
            return rc_view_refuse(call, 404, RC_VIEW_NO_SUCH_COMMIT);
        return NULL;
    }
    place->name = rc_page_rev(call, place->rev.id);
    RC_TRY(rc_vcs_entry(&place->entry, call->vcs, place->rev.id, path, call->pool));
    return place->entry.kind == RC_ENTRY_NONE ? refuse_missing(call) : NULL;
}

rc_err_t *rc_page_files_prepare(rc_view_call_t *call)
{
    rc_page_place_t *place = apr_pcalloc(call->pool, sizeof(*place));

    call->state = place;
    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(find_place(place, call));
    if (call->status != 200)
        return NULL;
    rc_page_validate(call, apr_psprintf(call->pool, "%s %s %d", place->rev.id, place->entry.id,
                                        place->entry.kind));
    return NULL;
}

/* --- the page --- */

/* Writes the path with a link to each directory of it. */
static void put_path(rc_html_t *html, const rc_view_call_t *call, const rc_page_place_t *place)
{
    const char *path = place->entry.path, *at = path, *slash;
    apr_pool_t *pool = call->pool;

    rc_html_put(html, "<h2><a href=\"%s\">%s</a>",
                rc_page_link(call, "files", place->name, "", pool),
                rc_repo_name_last(call->repo->name));
    while ((slash = strchr(at, '/'))) {
        const char *upper = apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));

        rc_html_put(html, " / <a href=\"%s\">%.*s</a>",
                    rc_page_link(call, "files", place->name, upper, pool), (int)(slash - at), at);
        at = slash + 1;
    }
    rc_html_put(html, "%s%s</h2>\n", *at ? " / " : "", at);
    rc_html_put(html, "<p class=dim>at <a class=id href=\"%s\">%s</a>",
                rc_page_link(call, "changeset", place->rev.id, NULL, pool),
                rc_vcs_short_id(call->repo->type, place->rev.id, pool));
    if (strcmp(place->name, place->rev.id))
        rc_html_put(html, " (%s)", place->name);
}

static bool is_picture(const rc_entry_t *entry)
{
    const char *type = rc_mime_type(rc_repo_name_last(entry->path));

    return entry->kind != RC_ENTRY_LINK && type && rc_mime_is_picture(type);
}

/* Writes size and links of a file, then what can be shown of it. */
static rc_err_t *put_file(rc_html_t *html, rc_view_call_t *call, const rc_page_place_t *place)
{
    const rc_entry_t *entry = &place->entry;
    const char *raw = rc_page_link(call, "raw", place->rev.id, entry->path, call->pool);
    bool shown = false;

    rc_html_put(html,
                ", %" APR_INT64_T_FMT " bytes%s, <a href=\"%s\">raw</a>, <a href=\"%s\">download"
                "</a></p>\n",
                (apr_int64_t)entry->size,
                entry->kind == RC_ENTRY_LINK      ? ", link"
                : entry->kind == RC_ENTRY_PROGRAM ? ", executable"
                                                  : "",
                raw, rc_page_link(call, "rawfile", place->rev.id, entry->path, call->pool));
    if (is_picture(entry)) {
        rc_html_put(html, "<p><img src=\"%s\" alt=\"%s\"></p>\n", raw,
                    rc_repo_name_last(entry->path));
        return html->err;
    }
    if (entry->size > RC_PAGE_TEXT_MOST) {
        rc_html_put(html, "<p>This file is too large to be shown here.</p>\n");
        return html->err;
    }
    RC_TRY(rc_page_text(&shown, html, call, entry));
    if (!shown)
        rc_html_put(html, "<p>This file is no text.</p>\n");
    return html->err;
}

static rc_err_t *put_entry(rc_html_t *html, rc_view_call_t *call, const rc_page_place_t *place)
{
    if (!place->rev.id) {
        rc_html_put(html, "<p>There are no commits yet.</p>\n");
        return html->err;
    }
    put_path(html, call, place);
    if (place->entry.kind != RC_ENTRY_DIR && place->entry.kind != RC_ENTRY_SUBMODULE)
        return put_file(html, call, place);
    rc_html_put(html, "</p>\n");
    if (place->entry.kind == RC_ENTRY_DIR)
        return rc_page_directory(html, call, place);
    rc_html_put(html,
                "<p>A submodule: commit <span class=id>%s</span> of another repository.</p>\n",
                place->entry.id);
    return html->err;
}

rc_err_t *rc_page_files_write(rc_view_call_t *call, rc_spool_t *spool)
{
    const rc_page_place_t *place = call->state;
    rc_html_t html = {.spool = spool};
    const char *path = place->entry.path;

    rc_page_open(&html, call, path && *path ? path : "files", "files");
    RC_TRY(put_entry(&html, call, place));
    rc_page_end(&html);
    return html.err;
}
