// SPDX-License-Identifier: Apache-2.0
/*
 * One request for a URL of git, and the functions that it passes: access, then the one of its URL.
 */
#ifndef RC_FACES_GIT_CALL_H
#define RC_FACES_GIT_CALL_H

#include "domain/sign_in.h"
#include "domain/transfer.h"
#include "faces/face.h"
#include "route.h"
#include "settings.h"
#include "vcs/git_wire.h"

#define RC_FACE_GIT_TYPE "git"

typedef struct rc_face_git_call_t {
    rc_face_git_route_t route;
    const rc_request_t *request;
    const rc_face_git_settings_t *settings;
    rc_answer_t *answer;
    apr_pool_t *pool; /* of the request */
    bool served;      /* the URL names a service that exists; else 403 after the checks */
    rc_wire_service_t service;
    int version; /* of the protocol, as the client asks for it */

    rc_actor_t actor; /* holds the connection, until access is decided, and the caller */
    rc_credentials_t credentials;
    const rc_repo_t *repo; /* set when access is granted */
    const char *path;      /* of it, on the disk */
} rc_face_git_call_t;

/* access.c */

/** Identifies the caller and decides, in the order of contract 06 §4. Sets call->repo, or makes the
 * answer a refusal, which is the same for missing and for hidden repositories. */
rc_err_t *rc_face_git_access(rc_face_git_call_t *call);

/** Checks the right and the lock again, some time after access was granted. Sets *@a why to NULL or
 * to the reason why the caller may not go on, for the client. */
rc_err_t *rc_face_git_recheck(const char **why, rc_face_git_call_t *call);

/* refs.c */

/** Answers info/refs: the advertisement of the service. */
rc_err_t *rc_face_git_refs(rc_face_git_call_t *call);

/* fetch.c */

/** Answers a POST to git-upload-pack. */
rc_err_t *rc_face_git_fetch(rc_face_git_call_t *call);

/* push.c */

/** Answers a POST to git-receive-pack. */
rc_err_t *rc_face_git_push(rc_face_git_call_t *call);

/* answer.c */

/** Sets the headers of an answer: its type, "application/x-<service>-<what>", and that no cache may
 * keep it. */
void rc_face_git_headers(rc_face_git_call_t *call, const char *what);

/** Checks the type and the encoding of the body, and limits it to @a most inflated bytes. Returns
 * false after it has made the answer a refusal. */
bool rc_face_git_body(rc_face_git_call_t *call, apr_off_t most);

#endif
