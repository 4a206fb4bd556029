// SPDX-License-Identifier: Apache-2.0
/*
 * The page of a gist: what is known of it, and the texts of its files. Who knows its id may see it,
 * as its raw view (contract 03 §8).
 */
#include "page.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/gist.h"
#include "store/user.h"

#define TITLE_MOST 160                   /* characters */
#define FILE_MOST  ((apr_size_t)1 << 20) /* bytes; a larger one is not shown */

typedef struct shown_t {
    rc_gist_t *gist;
    rc_rev_t rev;
    const char *owner; /* NULL: there is none any more */
    rc_html_t *html;
    rc_view_call_t *call;
} shown_t;

static rc_err_t *find_gist(shown_t *shown, rc_view_call_t *call)
{
    const char *tip;
    rc_user_t *owner;

    RC_TRY(rc_actor_open(&call->actor));
    RC_TRY(rc_store_gist(&shown->gist, call->actor.db, call->id, call->pool));
    if (!rc_gist_is_open(shown->gist, call->actor.caller))
        return NULL;
    RC_TRY(rc_store_user_by_id(&owner, call->actor.db, shown->gist->owner_id, call->pool));
    shown->owner = owner ? owner->username : NULL;
    RC_TRY(rc_gist_open(&call->vcs, &tip, call->env, shown->gist->access_id, &call->actor.work,
                        call->pool));
    return rc_vcs_resolve(&shown->rev, call->vcs, NULL, call->pool);
}

rc_err_t *rc_page_gist_prepare(rc_view_call_t *call)
{
    shown_t *shown = apr_pcalloc(call->pool, sizeof(*shown));

    RC_TRY(find_gist(shown, call));
    if (!shown->rev.id)
        return rc_view_refuse(call, 404, NULL);
    call->state = shown;
    rc_page_validate(call, apr_pstrcat(call->pool, shown->rev.id, " ", shown->owner, NULL));
    return NULL;
}

static const char *raw_url(const shown_t *shown, const char *name, apr_pool_t *pool)
{
    const char *url = apr_pstrcat(pool, rc_page_base(shown->call->request, pool), "/_admin/gists/",
                                  rc_page_escape(shown->gist->access_id, false, pool), "/",
                                  shown->rev.id, "/raw", NULL);

    return name ? apr_pstrcat(pool, url, "/", rc_page_escape(name, false, pool), NULL) : url;
}

static rc_err_t *put_file(void *baton, const rc_vcs_file_t *file)
{
    const shown_t *shown = baton;
    rc_html_t *html = shown->html;

    rc_html_put(
        html, "<h2>%s</h2>\n<p class=dim>%" APR_INT64_T_FMT " bytes, <a href=\"%s\">raw</a></p>\n",
        file->name, (apr_int64_t)file->len, raw_url(shown, file->name, shown->call->pool));
    if (file->len > FILE_MOST) {
        rc_html_put(html, "<p>This file is too large to be shown here.</p>\n");
    } else if (!file->len) {
        rc_html_put(html, "<p>This file is empty.</p>\n");
    } else {
        rc_html_put(html, "<pre>\n");
        rc_html_text(html, file->data, file->len);
        rc_html_put(html, "</pre>\n");
    }
    return html->err;
}

static void put_gist(rc_html_t *html, const shown_t *shown, const char *title)
{
    const rc_gist_t *gist = shown->gist;
    apr_pool_t *pool = shown->call->pool;

    rc_html_put(html, "<h1>%s</h1>\n", title);
    if (strcmp(gist->description, title))
        rc_html_put(html, "<pre>\n%s</pre>\n", gist->description);
    rc_html_put(html, "<dl>\n<dt>Owner<dd>%s\n<dt>Created<dd>", shown->owner);
    rc_page_time(html, apr_time_sec(gist->created_on), pool);
    rc_html_put(html, "\n<dt>Expires<dd>");
    if (gist->expires == -1)
        rc_html_put(html, "never");
    else
        rc_page_time(html, gist->expires, pool);
    rc_html_put(html, "\n<dt>Links<dd><a href=\"%s\">all files, raw</a>\n</dl>\n",
                raw_url(shown, NULL, pool));
}

rc_err_t *rc_page_gist_write(rc_view_call_t *call, rc_spool_t *spool)
{
    shown_t *shown = call->state;
    rc_html_t html = {.spool = spool};
    const char *about = shown->gist->description;
    const char *title = *about ? rc_page_first_line(about, TITLE_MOST, call->pool)
                               : apr_pstrcat(call->pool, "Gist ", shown->gist->access_id, NULL);

    shown->html = &html;
    shown->call = call;
    rc_page_open(&html, call, title, NULL);
    put_gist(&html, shown, title);
    RC_TRY(rc_vcs_files(call->vcs, shown->rev.id, put_file, shown, call->pool));
    rc_page_end(&html);
    return html.err;
}
