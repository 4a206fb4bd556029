// SPDX-License-Identifier: Apache-2.0
/*
 * What a URL of git means: which repository, and what is wanted of it.
 */
#ifndef RC_FACES_GIT_ROUTE_H
#define RC_FACES_GIT_ROUTE_H

#include <stdbool.h>

#include "domain/repo_url.h"

typedef enum {
    RC_FACE_GIT_REFS,    /* info/refs: the references, for a fetch or a push */
    RC_FACE_GIT_FETCH,   /* git-upload-pack */
    RC_FACE_GIT_PUSH,    /* git-receive-pack */
    RC_FACE_GIT_ARCHIVE, /* git-upload-archive, which is not served */
    RC_FACE_GIT_DUMB,    /* a file of the protocol without a service, which is not served */
    RC_FACE_GIT_LFS      /* Git LFS, which is not served */
} rc_face_git_what_t;

typedef struct rc_face_git_route_t {
    rc_face_git_what_t what;
    const char *methods; /* for the header Allow; NULL: all */
    /* The ways to read the repository's name; the first that exists is meant. "x.git" is a
     * repository of that name, else "x". */
    rc_repo_url_t repos[2];
    int n_repos;
} rc_face_git_route_t;

/** Reads @a path, which is not decoded. Returns false when it is none of git's. Texts of @a route
 * live in @a pool. */
bool rc_face_git_route(rc_face_git_route_t *route, const char *path, apr_pool_t *pool);

/** Returns whether requests with this @a method are served; an unknown one is not. */
bool rc_face_git_has_method(const rc_face_git_route_t *route, const char *method);

#endif
