// SPDX-License-Identifier: Apache-2.0
/*
 * The views, one row each, and which of them a URL may name (contract 03 §1). A new view is a row
 * here and a file view_*.c.
 */
#include "web.h"

#include <string.h>

#include <apr_strings.h>

#include "rc_text.h"

/* A name can hold the words of a view ("a/raw/b"), so a URL can be read in several ways; more than
 * these are not tried. */
#define MOST_ROUTES 16

/* clang-format off */
static const rc_web_view_t views[] = {
    /* pattern, controller:action, flags, functions */
    {"changeset-diff/{rev}", "ChangesetController:changeset_raw", 0, rc_web_changeset_prepare, rc_web_changeset_write},
    {"raw-changeset/{rev}",  "ChangesetController:changeset_raw", 0, rc_web_changeset_prepare, rc_web_changeset_write},
    {"/_admin/journal/rss",         "JournalController:journal_rss",         RC_WEB_FEED | RC_WEB_LOGIN, rc_web_journal_prepare, rc_web_journal_write},
    {"/_admin/journal/atom",        "JournalController:journal_atom",        RC_WEB_FEED | RC_WEB_LOGIN, rc_web_journal_prepare, rc_web_journal_write},
    {"/_admin/public_journal/rss",  "JournalController:public_journal_rss",  RC_WEB_FEED, rc_web_journal_prepare, rc_web_journal_write},
    {"/_admin/public_journal/atom", "JournalController:public_journal_atom", RC_WEB_FEED, rc_web_journal_prepare, rc_web_journal_write},
    {"/_admin/public_journal_rss",  "JournalController:public_journal_rss",  RC_WEB_FEED, rc_web_journal_prepare, rc_web_journal_write},
    {"/_admin/public_journal_atom", "JournalController:public_journal_atom", RC_WEB_FEED, rc_web_journal_prepare, rc_web_journal_write},
    {"/_admin/gists/{id}/{rev}/raw",        "GistsController:show", 0, rc_web_gist_prepare, rc_web_gist_write},
    {"/_admin/gists/{id}/{rev}/raw/{path}", "GistsController:show", 0, rc_web_gist_prepare, rc_web_gist_write},
    {"feed/rss",  "FeedController:rss",  RC_WEB_FEED, rc_web_feed_prepare, rc_web_feed_write},
    {"feed/atom", "FeedController:atom", RC_WEB_FEED, rc_web_feed_prepare, rc_web_feed_write},
};
/* clang-format on */

#define VIEWS (sizeof(views) / sizeof(*views))

static apr_size_t segment_length(const char *text)
{
    return strcspn(text, "/");
}

static bool is_word(const char *pattern, apr_size_t len, const char *word)
{
    return strlen(word) == len && !strncmp(pattern, word, len);
}

/* Fits @a tail, what stands behind a repository's name, to the pattern of a view. */
static bool match(rc_web_route_t *route, const char *pattern, const char *tail, apr_pool_t *pool)
{
    for (;;) {
        apr_size_t want = segment_length(pattern), have = segment_length(tail);

        if (is_word(pattern, want, "{path}")) {
            route->rest = apr_pstrdup(pool, tail + strspn(tail, "/"));
            return true;
        }
        if (!have)
            return false;
        if (is_word(pattern, want, "{rev}"))
            route->rev = apr_pstrmemdup(pool, tail, have);
        else if (is_word(pattern, want, "{id}"))
            route->id = apr_pstrmemdup(pool, tail, have);
        else if (want != have || strncmp(pattern, tail, want))
            return false;
        pattern += want;
        tail += have;
        if (!*pattern)
            return !*tail;
        pattern++;
        if (*tail)
            tail++;
    }
}

/* A repository told by its id: "_12", or "_12/anything". */
static bool read_id(apr_int64_t *id, const char *name, apr_pool_t *pool)
{
    const char *digits;

    if (*name != '_')
        return false;
    digits = apr_pstrmemdup(pool, name + 1, segment_length(name + 1));
    return rc_text_digits(digits) && rc_text_int(id, digits);
}

/* Adds the reading as a view of no repository. */
static void add_whole(apr_array_header_t *routes, const char *path, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < VIEWS && !routes->nelts; i++) {
        rc_web_route_t route = {.view = &views[i]};

        if (*views[i].pattern == '/' && match(&route, views[i].pattern + 1, path, pool))
            APR_ARRAY_PUSH(routes, rc_web_route_t) = route;
    }
}

/* Adds the readings in which the repository's name ends before @a slash. */
static void add_routes(apr_array_header_t *routes, const char *path, const char *slash,
                       apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < VIEWS && routes->nelts < MOST_ROUTES; i++) {
        rc_web_route_t route = {.view = &views[i]};

        if (*views[i].pattern == '/' || !match(&route, views[i].pattern, slash + 1, pool))
            continue;
        route.repo = apr_pstrmemdup(pool, path, (apr_size_t)(slash - path));
        if (read_id(&route.repo_id, route.repo, pool))
            route.repo = NULL;
        APR_ARRAY_PUSH(routes, rc_web_route_t) = route;
    }
}

apr_array_header_t *rc_web_routes(const char *path, apr_pool_t *pool)
{
    apr_array_header_t *routes = apr_array_make(pool, 2, sizeof(rc_web_route_t));
    const char *slash;

    path += *path == '/';
    if (is_word(path, segment_length(path), "_admin")) { /* never a repository */
        add_whole(routes, path, pool);
        return routes;
    }
    for (slash = path + strlen(path); slash > path; slash--)
        if (*slash == '/')
            add_routes(routes, path, slash, pool);
    return routes;
}
