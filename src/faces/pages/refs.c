// SPDX-License-Identifier: Apache-2.0
/*
 * The page of all branches, bookmarks and tags of a repository, newest first, with their archives.
 */
#include "page.h"

#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "archive/archive.h"
#include "domain/repo.h"

static const char *const formats[] = {"tar.gz", "zip"};

#define FORMATS (sizeof(formats) / sizeof(*formats))

typedef struct collection_t {
    rc_view_call_t *call;
    apr_array_header_t *refs;
    rc_refs_t kind;
} collection_t;

/* Returns whether the URL of each archive names the reference: not when that ends like one. */
static bool is_before_formats(const char *name, apr_pool_t *pool)
{
    const char *stem;
    apr_size_t i;

    for (i = 0; i < FORMATS; i++)
        if (!rc_archive_format(&stem, apr_pstrcat(pool, name, ".", formats[i], NULL), pool))
            return false;
    return true;
}

/* A tag can have the name of a branch, or the number of a commit; and many servers reject a slash
 * that is escaped. */
static rc_err_t *choose_rev(rc_page_ref_t *ref, const rc_view_call_t *call)
{
    rc_rev_t named;

    ref->rev = ref->id;
    if (strchr(ref->name, '/') || !is_before_formats(ref->name, call->pool))
        return NULL;
    RC_TRY(rc_vcs_resolve(&named, call->vcs, ref->name, call->pool));
    if (named.id && !strcmp(named.id, ref->id))
        ref->rev = ref->name;
    return NULL;
}

static rc_err_t *take_ref(void *baton, const char *name, const char *id)
{
    collection_t *collection = baton;
    apr_pool_t *pool = collection->call->pool;
    rc_page_ref_t *ref = apr_array_push(collection->refs);
    rc_rev_t rev;

    *ref = (rc_page_ref_t){
        .name = apr_pstrdup(pool, name), .id = apr_pstrdup(pool, id), .kind = collection->kind};
    RC_TRY(choose_rev(ref, collection->call));
    RC_TRY(rc_vcs_resolve(&rev, collection->call->vcs, ref->id, pool));
    return rev.id ? rc_vcs_time(&ref->time, collection->call->vcs, &rev) : NULL;
}

static int newest_first(const void *a, const void *b)
{
    const rc_page_ref_t *x = a, *y = b;

    if (x->time != y->time)
        return x->time < y->time ? 1 : -1;
    return strcmp(y->name, x->name); /* of the same moment, v2 before v1 */
}

rc_err_t *rc_page_refs(apr_array_header_t **refs, rc_view_call_t *call, rc_refs_t kind)
{
    collection_t collection = {call, apr_array_make(call->pool, 16, sizeof(rc_page_ref_t)), kind};

    *refs = collection.refs;
    RC_TRY(rc_vcs_refs(call->vcs, kind, take_ref, &collection));
    qsort((*refs)->elts, (size_t)(*refs)->nelts, sizeof(rc_page_ref_t), newest_first);
    return NULL;
}

/* Links to the archives of a reference. */
static void put_archives(rc_html_t *html, const rc_view_call_t *call, const rc_page_ref_t *ref,
                         apr_pool_t *scratch)
{
    const char *rev = ref->rev, *query = "";
    apr_size_t i;

    if (rc_vcs_can(call->vcs)->paths_as_refs) {
        rev = "tip";
        query = apr_pstrcat(scratch, "?at_path=", rc_page_escape(ref->name, true, scratch), NULL);
    }
    rc_html_put(html, "<td class=fix>");
    for (i = 0; i < FORMATS; i++)
        rc_html_put(html, "%s<a href=\"%s.%s%s\">%s</a>", i ? " " : "",
                    rc_page_link(call, "archive", rev, NULL, scratch), formats[i], query,
                    formats[i]);
}

static void put_ref(rc_html_t *html, const rc_view_call_t *call, const rc_page_ref_t *ref,
                    apr_pool_t *scratch)
{
    bool paths = rc_vcs_can(call->vcs)->paths_as_refs;
    const char *log = rc_page_link(call, "changelog", NULL, NULL, scratch);

    if (paths)
        log = rc_page_link(call, "files", "tip", ref->name, scratch);
    else if (ref->kind == RC_BRANCHES || ref->kind == RC_CLOSED_BRANCHES)
        log =
            apr_pstrcat(scratch, log, "?branch=", rc_page_escape(ref->name, false, scratch), NULL);
    else
        log = rc_page_link(call, "changeset", ref->id, NULL, scratch);
    rc_html_put(html, "<tr><td><a href=\"%s\">%s</a>", log, ref->name);
    if (!paths) {
        rc_html_put(html, "<td class=\"fix more\"><a class=id href=\"%s\">%s</a><td class=fix>",
                    rc_page_link(call, "changeset", ref->id, NULL, scratch),
                    rc_vcs_short_id(call->repo->type, ref->id, scratch));
        rc_page_date(html, ref->time, scratch);
    }
    if (call->repo->enable_downloads)
        put_archives(html, call, ref, scratch);
    rc_html_put(html, "\n");
}

void rc_page_refs_table(rc_html_t *html, const rc_view_call_t *call, const char *title,
                        const apr_array_header_t *refs, int most)
{
    apr_pool_t *scratch;
    int i;

    if (!refs->nelts)
        return;
    rc_html_put(html, "<h2>%s</h2>\n<table class=list>\n<thead><tr><th scope=col>Name", title);
    if (!rc_vcs_can(call->vcs)->paths_as_refs)
        rc_html_put(html, "<th scope=col class=\"fix more\">Commit<th scope=col class=fix>Date");
    if (call->repo->enable_downloads)
        rc_html_put(html, "<th scope=col class=fix>Archives");
    rc_html_put(html, "<tbody>\n");
    apr_pool_create(&scratch, call->pool);
    for (i = 0; i < refs->nelts && i < most; i++) {
        apr_pool_clear(scratch);
        put_ref(html, call, &APR_ARRAY_IDX(refs, i, rc_page_ref_t), scratch);
    }
    rc_html_put(html, "</table>\n");
    if (i < refs->nelts)
        rc_html_put(html, "<p><a href=\"%s\">All %d</a></p>\n",
                    rc_page_link(call, "refs", NULL, NULL, call->pool), refs->nelts);
}

rc_err_t *rc_page_refs_prepare(rc_view_call_t *call)
{
    const char *state;

    RC_TRY(rc_repo_open(&call->vcs, call->env, call->repo, &call->actor.work, call->pool));
    RC_TRY(rc_vcs_state(&state, call->vcs, call->pool));
    rc_page_validate(call, state);
    return NULL;
}

rc_err_t *rc_page_refs_write(rc_view_call_t *call, rc_spool_t *spool)
{
    static const struct {
        rc_refs_t kind;
        const char *title;
    } kinds[] = {{RC_BRANCHES, "Branches"},
                 {RC_BOOKMARKS, "Bookmarks"},
                 {RC_TAGS, "Tags"},
                 {RC_CLOSED_BRANCHES, "Closed branches"}};
    rc_html_t html = {.spool = spool};
    apr_array_header_t *refs;
    int all = 0;
    apr_size_t i;

    rc_page_open(&html, call, "refs", "refs");
    for (i = 0; i < sizeof(kinds) / sizeof(*kinds); i++) {
        RC_TRY(rc_page_refs(&refs, call, kinds[i].kind));
        rc_page_refs_table(&html, call, kinds[i].title, refs, INT_MAX);
        all += refs->nelts;
    }
    if (!all)
        rc_html_put(&html, "<p>There are no branches and no tags.</p>\n");
    rc_page_end(&html);
    return html.err;
}
