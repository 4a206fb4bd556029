// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the views of a table that a URL can name (contract 03 §1).
 */
#include "faces/view.h"

#include <string.h>

#include <apr_strings.h>

#include "domain/repo.h"
#include "domain/repo_url.h"
#include "base/hex.h"

/* Bytes of a repository's name in a URL: a character has up to four bytes, each sent as %XX. */
#define LONGEST_NAME (12 * RC_REPO_NAME_MAX)

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
static bool match(rc_view_route_t *route, const char *pattern, const char *tail, apr_pool_t *pool)
{
    if (!*pattern)
        return !*tail;
    for (;;) {
        apr_size_t want = segment_length(pattern), have = segment_length(tail);

        if (*pattern != '{') {
            if (!have || want != have || strncmp(pattern, tail, want))
                return false;
        } else if (is_word(pattern, want, "{path}")) {
            route->rest = tail + strspn(tail, "/");
            return true;
        } else if (!have) {
            return false;
        } else if (is_word(pattern, want, "{rev}")) {
            route->rev = rc_hex_unescape(tail, have, pool);
        } else {
            route->id = rc_hex_unescape(tail, have, pool);
        }
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
static void add_whole(apr_array_header_t *routes, const rc_view_table_t *table, const char *path,
                      apr_pool_t *pool)
{
    int i;

    for (i = 0; i < table->count && !routes->nelts; i++) {
        rc_view_route_t route = {.view = &table->views[i]};

        if (*route.view->pattern == '/' && match(&route, route.view->pattern + 1, path, pool))
            APR_ARRAY_PUSH(routes, rc_view_route_t) = route;
    }
}

/* Adds the routes in which the repository's name ends before @a slash, or at the end of the path.
 */
static void add_routes(apr_array_header_t *routes, const rc_view_table_t *table, const char *path,
                       const char *slash, apr_pool_t *pool)
{
    const char *tail = slash + (*slash == '/');
    rc_repo_url_t url;
    int i;

    for (i = 0; i < table->count; i++) {
        rc_view_route_t route = {.view = &table->views[i]};

        if (*route.view->pattern != *tail || *tail == '/') /* most end here */
            continue;
        if (!match(&route, route.view->pattern, tail, pool))
            continue;
        if (!rc_repo_url_read(&url, path, (apr_size_t)(slash - path), pool))
            return;
        route.repo = url.name;
        route.repo_id = url.id;
        APR_ARRAY_PUSH(routes, rc_view_route_t) = route;
    }
}

/* True when the first part of @a path is the id of a repository. */
static bool begins_with_id(const char *path, apr_pool_t *pool)
{
    rc_repo_url_t url;

    return (*path == '_' || *path == '%') && /* an id begins with "_" */
           rc_repo_url_read(&url, path, segment_length(path), pool) && url.id;
}

/* The id names the repository; words between the id and the view are ignored. */
static void add_by_id(apr_array_header_t *routes, const rc_view_table_t *table, const char *path,
                      apr_pool_t *pool)
{
    const char *end = path;

    while (!routes->nelts && *end) {
        end += 1 + segment_length(end + 1);
        add_routes(routes, table, path, end, pool);
    }
}

/* Returns a set of the characters with which the patterns of a table begin, by their last bits. */
static unsigned first_characters(const rc_view_table_t *table)
{
    unsigned set = 0;
    int i;

    for (i = 0; i < table->count; i++)
        set |= 1u << (*table->views[i].pattern & 31);
    return set;
}

/*
 * The name of a repository can contain the words of a view ("a/raw/b"), and so can the path of a
 * file: each possible split is a route, the longest name first. The limit of a name's length limits
 * the number of routes.
 */
static void add_by_name(apr_array_header_t *routes, const rc_view_table_t *table, const char *path,
                        apr_pool_t *pool)
{
    const char *end = path + strnlen(path, LONGEST_NAME);
    unsigned first = first_characters(table);

    for (; end && end > path; end = memrchr(path, '/', (apr_size_t)(end - path)))
        if ((*end == '/' || !*end) && first >> (end[*end == '/'] & 31) & 1) /* most are no view */
            add_routes(routes, table, path, end, pool);
}

apr_array_header_t *rc_view_routes(const rc_view_table_t *table, const char *path, apr_pool_t *pool)
{
    apr_array_header_t *routes = apr_array_make(pool, 2, sizeof(rc_view_route_t));

    path += *path == '/';
    if (!*path || is_admin(path))
        add_whole(routes, table, path, pool);
    else if (begins_with_id(path, pool))
        add_by_id(routes, table, path, pool);
    else
        add_by_name(routes, table, path, pool);
    return routes;
}
