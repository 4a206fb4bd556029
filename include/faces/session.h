// SPDX-License-Identifier: Apache-2.0
/*
 * The cookie of a browser's session (contract 10 §3 and §6), and whether a form was sent by a page
 * of this server.
 */
#ifndef RC_FACES_SESSION_H
#define RC_FACES_SESSION_H

#include "faces/answer.h"

/* The cookies of this server. */
typedef enum {
    RC_COOKIE_SESSION,
    RC_COOKIE_FORM /* before a login: the secret that the login form holds, too */
} rc_cookie_t;

/** Returns the value of a cookie that the client sent, in the request's pool; NULL: none, or an
 * empty one. */
const char *rc_face_cookie(const rc_request_t *request, rc_cookie_t which);

/** Sets the cookie; @a value NULL removes it. */
void rc_face_set_cookie(rc_answer_t *answer, const rc_request_t *request, rc_cookie_t which,
                        const char *value);

/** Returns whether the browser says that a page of this server sent the request; true when it says
 * nothing. */
bool rc_face_same_origin(const rc_request_t *request);

/** Returns whether two texts are equal, in a time that does not tell how much of them is. False
 * when one is NULL or empty. */
bool rc_face_same_secret(const char *a, const char *b);

#endif
