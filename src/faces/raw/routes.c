// SPDX-License-Identifier: Apache-2.0
/*
 * The table of views, one row each, and the search for the views that a URL can name (contract 03
 * §1). A new view is a row here and a file view_*.c.
 */
#include "view.h"

#include <string.h>

#include <apr_fnmatch.h>
#include <apr_strings.h>

#include "domain/repo.h"
#include "domain/repo_url.h"
#include "base/hex.h"

/* clang-format off */
static const rc_raw_view_t views[] = {
    /* pattern, controller:action, flags, functions */
    {"changeset-diff/{rev}",     "ChangesetController:changeset_raw",      0,
     rc_raw_changeset_raw_prepare, rc_raw_changeset_diff_write},
    {"raw-changeset/{rev}",      "ChangesetController:changeset_raw",      0,
     rc_raw_changeset_raw_prepare, rc_raw_changeset_diff_write},
    {"changeset-download/{rev}", "ChangesetController:changeset_download", 0,
     rc_raw_changeset_download_prepare, rc_raw_changeset_diff_write},
    {"changeset-patch/{rev}",    "ChangesetController:changeset_patch",    0,
     rc_raw_changeset_patch_prepare, rc_raw_changeset_patch_write},
    {"raw/{rev}/{path}",     "FilesController:raw", 0, rc_raw_raw_prepare, rc_raw_file_write},
    {"rawfile/{rev}/{path}", "FilesController:rawfile", 0, rc_raw_rawfile_prepare, rc_raw_file_write},
    {"diff/{path}",          "FilesController:diff", 0, rc_raw_file_diff_prepare, rc_raw_file_diff_write},
    {"feed/rss",  "FeedController:rss",  RC_RAW_FEED, rc_raw_feed_prepare, rc_raw_feed_write},
    {"feed/atom", "FeedController:atom", RC_RAW_FEED, rc_raw_feed_prepare, rc_raw_feed_write},
    {"archive/{rev}",        "FilesController:archivefile",       0, rc_raw_archive_prepare,   rc_raw_archive_write},
    {"/_admin/journal/rss",         "JournalController:journal_rss",         RC_RAW_FEED | RC_RAW_LOGIN,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/journal/atom",        "JournalController:journal_atom",        RC_RAW_FEED | RC_RAW_LOGIN,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/public_journal/rss",  "JournalController:public_journal_rss",  RC_RAW_FEED,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/public_journal/atom", "JournalController:public_journal_atom", RC_RAW_FEED,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/public_journal_rss",  "JournalController:public_journal_rss",  RC_RAW_FEED,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/public_journal_atom", "JournalController:public_journal_atom", RC_RAW_FEED,
     rc_raw_journal_prepare, rc_raw_journal_write},
    {"/_admin/gists/{id}/{rev}/raw",        "GistsController:show", 0, rc_raw_gist_prepare, rc_raw_gist_write},
    {"/_admin/gists/{id}/{rev}/raw/{path}", "GistsController:show", 0, rc_raw_gist_prepare, rc_raw_gist_write},
};
/* clang-format on */

/* Bytes of a repository's name in a URL: a character has up to four bytes, each sent as %XX. */
#define LONGEST_NAME (12 * RC_REPO_NAME_MAX)

#define VIEWS (sizeof(views) / sizeof(*views))

static apr_size_t segment_length(const char *text)
{
    return strcspn(text, "/");
}

static bool is_word(const char *pattern, apr_size_t len, const char *word)
{
    return strlen(word) == len && !strncmp(pattern, word, len);
}

/* True when @a tail, the part of the URL after the repository's name, matches the pattern of a
 * view; then sets the parts of @a route. */
static bool match(rc_raw_route_t *route, const char *pattern, const char *tail, apr_pool_t *pool)
{
    for (;;) {
        apr_size_t want = segment_length(pattern), have = segment_length(tail);

        if (is_word(pattern, want, "{path}")) {
            route->rest = tail + strspn(tail, "/");
            return true;
        }
        if (!have)
            return false;
        if (is_word(pattern, want, "{rev}"))
            route->rev = rc_hex_unescape(tail, have, pool);
        else if (is_word(pattern, want, "{id}"))
            route->id = rc_hex_unescape(tail, have, pool);
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

/* True for URLs below /_admin, which never name a repository. */
static bool is_admin(const char *path)
{
    return is_word(path, segment_length(path), "_admin");
}

/* Adds the route of the view without a repository that the whole URL names. */
static void add_whole(apr_array_header_t *routes, const char *path, apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < VIEWS && !routes->nelts; i++) {
        rc_raw_route_t route = {.view = &views[i]};

        if (*views[i].pattern == '/' && match(&route, views[i].pattern + 1, path, pool))
            APR_ARRAY_PUSH(routes, rc_raw_route_t) = route;
    }
}

/* Adds the routes in which the repository's name ends before @a slash. */
static void add_routes(apr_array_header_t *routes, const char *path, const char *slash,
                       apr_pool_t *pool)
{
    rc_repo_url_t url;
    apr_size_t i;

    for (i = 0; i < VIEWS; i++) {
        rc_raw_route_t route = {.view = &views[i]};

        if (*views[i].pattern == '/' || !match(&route, views[i].pattern, slash + 1, pool))
            continue;
        if (!rc_repo_url_read(&url, path, (apr_size_t)(slash - path), pool))
            return;
        route.repo = url.name;
        route.repo_id = url.id;
        APR_ARRAY_PUSH(routes, rc_raw_route_t) = route;
    }
}

/* True when the first part of @a path is the id of a repository. */
static bool begins_with_id(const char *path, apr_pool_t *pool)
{
    rc_repo_url_t url;

    return rc_repo_url_read(&url, path, segment_length(path), pool) && url.id;
}

/* The id names the repository; words between the id and the view are ignored. */
static void add_by_id(apr_array_header_t *routes, const char *path, apr_pool_t *pool)
{
    const char *slash = path;

    while (!routes->nelts && (slash = strchr(slash + 1, '/')))
        add_routes(routes, path, slash, pool);
}

/*
 * The name of a repository can contain the words of a view ("a/raw/b"), and so can the path of a
 * file: each possible split is a route, the longest name first. The limit of a name's length limits
 * the number of routes.
 */
static void add_by_name(apr_array_header_t *routes, const char *path, apr_pool_t *pool)
{
    const char *slash = path + strnlen(path, LONGEST_NAME);

    for (; slash > path; slash--)
        if (*slash == '/')
            add_routes(routes, path, slash, pool);
}

apr_array_header_t *rc_raw_routes(const char *path, apr_pool_t *pool)
{
    apr_array_header_t *routes = apr_array_make(pool, 2, sizeof(rc_raw_route_t));

    path += *path == '/';
    if (is_admin(path))
        add_whole(routes, path, pool);
    else if (begins_with_id(path, pool))
        add_by_id(routes, path, pool);
    else
        add_by_name(routes, path, pool);
    return routes;
}

const char *rc_raw_whitelist_doubt(const char *entry)
{
    apr_size_t i;

    for (i = 0; i < VIEWS; i++)
        if (apr_fnmatch(entry, views[i].action, APR_FNM_NOESCAPE) == APR_SUCCESS)
            return NULL;
    return "fits no view of this module"; /* lists of RhodeCode name other pages, too */
}
