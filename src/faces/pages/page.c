// SPDX-License-Identifier: Apache-2.0
/*
 * Writes the frame around every page, and sets the headers and the validator that all pages have.
 */
#include "page.h"

#include <string.h>

#include <apr_base64.h>
#include <apr_sha1.h>
#include <apr_strings.h>

#include "base/hex.h"
#include "base/secret.h"

/* Part of every ETag; increment it when the same content gets a different page. */
#define FORMAT "3"

#define POLICY "default-src 'none'; img-src 'self'; style-src 'sha256-"
#define REST   "'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"

#define SCRIPT "'; connect-src 'self'; script-src 'sha256-"

/* Content-Security-Policy; set once, at the start */
static char policy[sizeof(POLICY REST) + 64];
static char console_policy[sizeof(POLICY SCRIPT REST) + 128];

/* --- headers --- */

/* Writes the SHA-256 of @a text, in base 64, to the 64 bytes at @a out. */
static void hash_source(char *out, const char *text)
{
    unsigned char digest[RC_DIGEST_SIZE];

    rc_key_digest(digest, text);
    apr_base64_encode(out, (const char *)digest, sizeof(digest));
}

void rc_page_startup(void)
{
    char style[64], script[64];

    hash_source(style, rc_page_style);
    hash_source(script, rc_page_script);
    apr_snprintf(policy, sizeof(policy), POLICY "%s" REST, style);
    apr_snprintf(console_policy, sizeof(console_policy), POLICY "%s" SCRIPT "%s" REST, style,
                 script);
}

const char *rc_page_console_policy(void)
{
    return console_policy;
}

void rc_page_headers(rc_answer_t *answer)
{
    rc_answer_header(answer, "Content-Security-Policy", policy);
    rc_answer_header(answer, "X-Content-Type-Options", "nosniff");
    rc_answer_header(answer, "Referrer-Policy", "same-origin");
    rc_answer_header(answer, "Cache-Control", "private, no-cache");
    rc_answer_header(answer, "Vary", "Authorization, X-Api-Key, Cookie");
}

static const char *user_of(const rc_view_call_t *call)
{
    const rc_caller_t *caller = call->actor.caller;

    return caller && !caller->anonymous ? caller->username : NULL;
}

static const char *csrf_of(const rc_view_call_t *call)
{
    return call->actor.caller ? call->actor.caller->csrf : NULL;
}

static void add_part(apr_sha1_ctx_t *sha, const char *text)
{
    apr_sha1_update(sha, text ? text : "", text ? (unsigned)strlen(text) + 1 : 1);
}

void rc_page_validate(rc_view_call_t *call, const char *content)
{
    const rc_repo_t *repo = call->repo;
    const char *const parts[] = {FORMAT,
                                 rc_page_style,
                                 content,
                                 call->view->pattern,
                                 call->request->path,
                                 call->request->query,
                                 call->request->base_url,
                                 call->env->config->site_title,
                                 user_of(call),
                                 csrf_of(call),
                                 repo ? repo->name : NULL,
                                 repo ? repo->description : NULL,
                                 repo && repo->enable_downloads ? "+" : "-"};
    unsigned char bytes[APR_SHA1_DIGESTSIZE];
    apr_sha1_ctx_t sha;
    apr_size_t i;

    apr_sha1_init(&sha);
    for (i = 0; i < sizeof(parts) / sizeof(*parts); i++)
        add_part(&sha, parts[i]);
    apr_sha1_final(bytes, &sha);
    call->content_type = "text/html; charset=utf-8";
    call->etag = content ? rc_hex_text(bytes, sizeof(bytes), call->pool) : NULL;
}

/* --- the frame --- */

typedef struct tab_t {
    const char *word, *rev, *name; /* word: in the URL */
    bool merges;                   /* only for types with pull requests */
} tab_t;

static const tab_t tabs[] = {
    {NULL, NULL, "Summary", false},
    {"changelog", NULL, "Changelog", false},
    {"files", "tip", "Files", false},
    {"refs", NULL, "Refs", false},
    {"pull-request", NULL, "Pull requests", true},
};

static void put_tabs(rc_html_t *html, const rc_page_t *page, const char *url)
{
    const rc_capabilities_t *can = rc_vcs_capabilities(page->repo->type);
    apr_size_t i;

    rc_html_put(html, "<nav class=tabs aria-label=Repository>\n");
    for (i = 0; i < sizeof(tabs) / sizeof(*tabs); i++) {
        const tab_t *tab = &tabs[i];
        bool here = page->tab && !strcmp(page->tab, tab->word ? tab->word : "");

        if (tab->merges && !(can && can->merges))
            continue;
        rc_html_put(html, "<a href=\"%s%s%s%s%s\"", url, tab->word ? "/" : "", tab->word,
                    tab->rev ? "/" : "", tab->rev);
        rc_html_put(html, here ? " aria-current=page>%s</a>\n" : ">%s</a>\n", tab->name);
    }
    rc_html_put(html, "</nav>\n");
}

static void put_repository(rc_html_t *html, const rc_page_t *page, const char *base)
{
    apr_pool_t *pool = page->request->pool;
    const char *name = page->repo->name, *last = strrchr(name, '/');
    const char *url = apr_pstrcat(pool, base, "/", rc_page_escape(name, true, pool), NULL);
    int group = last ? (int)(last - name) + 1 : 0;

    rc_html_put(html, "<h1>");
    if (last)
        rc_html_put(html, "<a class=dim href=\"%s\">%.*s</a>",
                    rc_page_group_link(page->request,
                                       apr_pstrmemdup(pool, name, (apr_size_t)(last - name)), pool),
                    group, name);
    rc_html_put(html, "<a href=\"%s\">%s</a></h1>\n", url, name + group);
    put_tabs(html, page, url);
}

static void put_head(rc_html_t *html, const rc_page_t *page, const char *site, const char *base)
{
    apr_pool_t *pool = page->request->pool;

    rc_html_put(html,
                "<!DOCTYPE html>\n<html lang=en>\n<head>\n<meta charset=utf-8>\n"
                "<meta name=viewport content=\"width=device-width, initial-scale=1\">\n"
                "<title>%s%s%s</title>\n",
                page->title, page->title && *site ? " - " : "", site);
    if (page->repo)
        rc_html_put(html,
                    "<link rel=alternate type=\"application/atom+xml\" title=\"Commits\" "
                    "href=\"%s/%s/feed/atom\">\n",
                    base, rc_page_escape(page->repo->name, true, pool));
    rc_html_put(html, "<style>");
    if (!html->err)
        html->err = rc_spool_puts(html->spool, rc_page_style);
    rc_html_put(html, "</style>\n</head>\n");
}

/* Who is signed in, and how to change that. */
static void put_user(rc_html_t *html, const rc_page_t *page, const char *base)
{
    if (page->csrf)
        rc_html_put(html,
                    "<a class=end href=\"%s/_admin/my_account\">%s</a>"
                    "<form method=post action=\"%s/_admin/logout\"><input type=hidden "
                    "name=csrf_token value=\"%s\"><button>Log out</button></form>",
                    base, page->user, base, page->csrf);
    else if (page->user)
        rc_html_put(html, "<span class=end>%s</span>", page->user);
    else
        rc_html_put(html, "<a class=end href=\"%s/_admin/login\">Log in</a>", base);
}

void rc_page_begin(rc_html_t *html, const rc_page_t *page)
{
    const rc_env_t *env = page->request->env;
    const char *site = env && env->config->site_title ? env->config->site_title : "";
    const char *base = rc_page_base(page->request, page->request->pool);

    put_head(html, page, site, base);
    rc_html_put(html,
                "<body>\n<a class=skip href=\"#main\">Skip to content</a>\n"
                "<header>\n<nav aria-label=Site><a href=\"%s/\">%s</a>",
                base, *site ? site : "Repositories");
    put_user(html, page, base);
    rc_html_put(html, "</nav>\n");
    if (page->repo)
        put_repository(html, page, base);
    rc_html_put(html, "</header>\n<main id=main>\n");
}

void rc_page_end(rc_html_t *html)
{
    rc_html_put(html, "</main>\n</body>\n</html>\n");
}

void rc_page_open(rc_html_t *html, const rc_view_call_t *call, const char *title, const char *tab)
{
    const rc_page_t page = {
        .request = call->request,
        .user = user_of(call),
        .csrf = csrf_of(call),
        .repo = call->repo,
        .title = call->repo
                     ? apr_pstrcat(call->pool, call->repo->name, title ? ": " : NULL, title, NULL)
                     : title,
        .tab = tab,
    };

    rc_page_begin(html, &page);
}
