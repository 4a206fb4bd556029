// SPDX-License-Identifier: Apache-2.0
/*
 * Finds out what a URL of git means (contract 06 §4).
 */
#include "route.h"

#include <string.h>

#define SUFFIX ".git"
#define READ   "GET, HEAD"
#define SEND   "POST"

typedef struct shape_t {
    const char *tail; /* after the repository's name: words, and {} for any part */
    rc_face_git_what_t what;
    const char *methods;
} shape_t;

static const shape_t shapes[] = {
    {"info/refs", RC_FACE_GIT_REFS, READ},
    {"git-upload-pack", RC_FACE_GIT_FETCH, SEND},
    {"git-receive-pack", RC_FACE_GIT_PUSH, SEND},
    {"git-upload-archive", RC_FACE_GIT_ARCHIVE, SEND},
    {"HEAD", RC_FACE_GIT_DUMB, READ},
    {"objects/{}/{}", RC_FACE_GIT_DUMB, READ},
    {"info/lfs", RC_FACE_GIT_LFS, NULL},
    {"info/lfs/{}", RC_FACE_GIT_LFS, NULL},
    {"info/lfs/{}/{}", RC_FACE_GIT_LFS, NULL},
    {"info/lfs/{}/{}/{}", RC_FACE_GIT_LFS, NULL},
};

#define SHAPES (sizeof(shapes) / sizeof(*shapes))

/* Returns the last part of the @a len bytes at @a text, and its length. */
static const char *last_part(apr_size_t *part, const char *text, apr_size_t len)
{
    const char *end = text + len, *p = end;

    while (p > text && p[-1] != '/')
        p--;
    *part = (apr_size_t)(end - p);
    return p;
}

static bool is_word(const char *a, apr_size_t a_len, const char *b, apr_size_t b_len)
{
    return a_len == b_len && !strncmp(a, b, a_len);
}

/* Compares part by part from the end. Returns the length of what stands before @a tail and its
 * slash in the @a len bytes of @a path; 0 when they do not end with it. */
static apr_size_t before_tail(const char *path, apr_size_t len, const char *tail)
{
    apr_size_t left = strlen(tail);

    for (;;) {
        apr_size_t want, have;
        const char *word = last_part(&want, tail, left), *part = last_part(&have, path, len);

        if (!have || part == path)
            return 0;
        if (!is_word(word, want, "{}", 2) && !is_word(word, want, part, have))
            return 0;
        len = (apr_size_t)(part - path) - 1;
        if (word == tail)
            return len;
        left = (apr_size_t)(word - tail) - 1;
    }
}

/* Adds a way to read the repository's name from the first @a len bytes of @a path. */
static void add_reading(rc_face_git_route_t *route, const char *path, apr_size_t len,
                        apr_pool_t *pool)
{
    if (rc_repo_url_read(&route->repos[route->n_repos], path, len, pool))
        route->n_repos++;
}

bool rc_face_git_route(rc_face_git_route_t *route, const char *path, apr_pool_t *pool)
{
    apr_size_t suffix = strlen(SUFFIX), len, i;

    *route = (rc_face_git_route_t){.what = RC_FACE_GIT_DUMB};
    path += *path == '/';
    for (i = 0, len = 0; i < SHAPES && !len; i++)
        len = before_tail(path, strlen(path), shapes[i].tail);
    if (!len)
        return false;
    route->what = shapes[i - 1].what;
    route->methods = shapes[i - 1].methods;
    add_reading(route, path, len, pool);
    if (len > suffix && !strncmp(path + len - suffix, SUFFIX, suffix))
        add_reading(route, path, len - suffix, pool);
    return route->n_repos > 0;
}

bool rc_face_git_has_method(const rc_face_git_route_t *route, const char *method)
{
    const char *p = route->methods;
    apr_size_t len;

    for (; p && *p; p += strspn(p, ", ")) {
        len = strcspn(p, ",");
        if (strlen(method) == len && !strncmp(p, method, len))
            return true;
        p += len;
    }
    return !route->methods;
}
