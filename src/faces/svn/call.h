// SPDX-License-Identifier: Apache-2.0
/*
 * One request for a Subversion repository.
 */
#ifndef RC_FACES_SVN_CALL_H
#define RC_FACES_SVN_CALL_H

#include "domain/repo.h"
#include "faces/face.h"
#include "faces/sign_in.h"

#define RC_FACE_SVN_TYPE "svn"

/* What the directives of Subversion's URLs set. */
typedef struct rc_face_svn_settings_t {
    bool on;
} rc_face_svn_settings_t;

typedef struct rc_face_svn_call_t {
    const rc_request_t *request;
    rc_answer_t *answer;
    rc_err_t *err; /* why the URL could not be judged; or NULL */
    bool plain;    /* a GET of a file or directory, perhaps by a browser */
    bool writes;   /* the method may change the repository */

    rc_actor_t actor; /* holds the connection, until access is decided, and the caller */
    rc_credentials_t credentials;
    const rc_repo_t *repo; /* set when the caller may read it */
    const char *inside;    /* the URL behind the repository's, decoded; "" or with a leading "/" */
    rc_locks_t locks;      /* of a request that writes, until it ends */
} rc_face_svn_call_t;

/* url.c */

/** Returns whether only clients of Subversion send such a request: by its method, or the URL. */
bool rc_face_svn_is_client(const rc_request_t *request);

/** Returns whether it names a place in a repository, inside of which "!svn" leads to what is no
 * file. */
bool rc_face_svn_is_special(const rc_request_t *request);

/** Returns whether a request with this method may change the repository; an unknown one may. */
bool rc_face_svn_writes(const rc_request_t *request);

/** Returns the id of a path that begins with one, "/_12" or "/_12/trunk", and sets *@a path behind
 * it; else 0. */
apr_int64_t rc_face_svn_id(const char **path, apr_pool_t *pool);

/** Returns the next longer beginning of the @a decoded path that can be the name of a repository,
 * in @a pool; *@a end, first @a decoded itself, then points behind it. NULL: there is no other. */
const char *rc_face_svn_next_name(const char **end, const char *decoded, apr_pool_t *pool);

/** Returns whether properties of a commit in progress stand at @a inside, not of a revision. */
bool rc_face_svn_in_commit(const char *inside);

/* access.c */

/** Identifies the caller and decides. Sets call->repo, or makes the answer a refusal. */
rc_err_t *rc_face_svn_access(rc_face_svn_call_t *call);

#endif
