// SPDX-License-Identifier: Apache-2.0
/*
 * A face: what a set of URLs is for those who ask for it. The server knows faces only by their rows
 * in one table (src/http/faces.c); faces do not know each other.
 *
 * One request: claims of each row until one takes it; decide, once or (when a login is found in
 * between) twice; serve; then httpd's conditions, write, and the body goes out. A row may leave out
 * all but name, claims and serve.
 */
#ifndef RC_FACES_FACE_H
#define RC_FACES_FACE_H

#include "faces/answer.h"
#include "faces/request.h"

typedef struct rc_face_t {
    const char *name; /* of its folder in src/faces */
    bool reads_body;  /* else what the client sends is skipped, and request->body is NULL */

    /** Does the URL (with its method and query) belong to the face? Looks at nothing but the
     * request, whose env may be NULL. @a state becomes answer->state. */
    bool (*claims)(void **state, const rc_request_t *request);

    /** May the caller have what the URL names? Leaves answer->status at 200, or a refusal, which
     * looks the same for what does not exist and for what the caller may not know of. `Require
     * rcapi` asks it before there is a login, and grants everything to faces that have none. */
    rc_err_t *(*decide)(rc_answer_t *answer, const rc_request_t *request);

    /** Makes the answer, or (with answer->write or answer->stream) prepares it. Only when decide
     * left the status at 200. An error becomes a refusal with its kind's status; one of the
     * request's body that could not be read becomes httpd's own answer. */
    rc_err_t *(*serve)(rc_answer_t *answer, const rc_request_t *request);

    /** Words a refusal (answer->status, answer->text) in the face's own way: headers, and a body in
     * the empty spool. NULL, or an empty spool: plain text. request->env may be NULL. */
    rc_err_t *(*refuse)(rc_answer_t *answer, const rc_request_t *request);

    /** When the server starts: is what the face is made of in order? */
    rc_err_t *(*check)(apr_pool_t *pool);
} rc_face_t;

/** All faces, in the order in which they are asked; NULL at the end. */
extern const rc_face_t *const rc_faces[];

#endif
