// SPDX-License-Identifier: Apache-2.0
/*
 * Writes a directory: its entries, directories first, and the text of its README.
 */
#include "files.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#define README      "readme" /* in any case, with any extension */
#define README_MOST ((apr_off_t)256 << 10)

static const char *kind_name(const rc_entry_t *entry)
{
    switch (entry->kind) {
    case RC_ENTRY_DIR:
        return "directory";
    case RC_ENTRY_LINK:
        return "link";
    case RC_ENTRY_PROGRAM:
        return "executable";
    case RC_ENTRY_SUBMODULE:
        return "submodule";
    default:
        return "";
    }
}

/* Writes the entries that are directories, or those that are not. */
static void put_entries(rc_html_t *html, const apr_array_header_t *entries, bool dirs,
                        const char *url, apr_pool_t *scratch)
{
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const rc_entry_t *entry = &APR_ARRAY_IDX(entries, i, rc_entry_t);

        if ((entry->kind == RC_ENTRY_DIR) != dirs)
            continue;
        apr_pool_clear(scratch);
        rc_html_put(html, "<tr><td><a href=\"%s%s\">%s%s</a><td class=\"fix dim\">%s\n", url,
                    rc_page_escape(entry->path, true, scratch), entry->path, dirs ? "/" : "",
                    kind_name(entry));
    }
}

static const rc_entry_t *find_readme(const apr_array_header_t *entries)
{
    int i;

    for (i = 0; i < entries->nelts; i++) {
        const rc_entry_t *entry = &APR_ARRAY_IDX(entries, i, rc_entry_t);
        char next = '.';

        if (entry->kind != RC_ENTRY_FILE || strncasecmp(entry->path, README, strlen(README)))
            continue;
        next = entry->path[strlen(README)];
        if (!next || next == '.')
            return entry;
    }
    return NULL;
}

static rc_err_t *put_readme(rc_html_t *html, rc_view_call_t *call, const rc_page_place_t *place,
                            const char *name)
{
    const char *dir = place->entry.path, *text;
    const char *path = *dir ? apr_pstrcat(call->pool, dir, "/", name, NULL) : name;
    rc_spool_t *spool = rc_spool_create(call->env->config->temp_dir, call->pool);
    rc_entry_t file;
    bool binary;

    RC_TRY(rc_vcs_entry(&file, call->vcs, place->rev.id, path, call->pool));
    if (file.size > README_MOST)
        return NULL;
    RC_TRY(rc_vcs_content(spool, call->vcs, &file));
    RC_TRY(rc_spool_has_nul(&binary, spool));
    if (binary || !rc_spool_size(spool))
        return NULL;
    RC_TRY(rc_spool_view(&text, spool, call->pool));
    rc_html_put(html, "<h2>%s</h2>\n<pre>", name);
    rc_html_text(html, text, (apr_size_t)rc_spool_size(spool));
    rc_html_put(html, "</pre>\n");
    return html->err;
}

rc_err_t *rc_page_directory(rc_html_t *html, rc_view_call_t *call, const rc_page_place_t *place)
{
    const char *path = place->entry.path;
    const char *url = rc_page_link(call, "files", place->name, path, call->pool);
    const rc_entry_t *readme;
    apr_array_header_t *entries;
    apr_pool_t *scratch;

    if (*path)
        url = apr_pstrcat(call->pool, url, "/", NULL);
    RC_TRY(rc_vcs_directory(&entries, call->vcs, place->rev.id, &place->entry, call->pool));
    rc_html_put(
        html,
        "<table class=list>\n<thead><tr><th scope=col>Name<th scope=col class=fix>Kind<tbody>\n");
    apr_pool_create(&scratch, call->pool);
    put_entries(html, entries, true, url, scratch);
    put_entries(html, entries, false, url, scratch);
    rc_html_put(html, "</table>\n");
    readme = find_readme(entries);
    return readme ? put_readme(html, call, place, readme->path) : html->err;
}
