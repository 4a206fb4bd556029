// SPDX-License-Identifier: Apache-2.0
/*
 * A face serves a set of URLs: the JSON-RPC API, the raw views. The server knows faces only by the
 * rows of one table (src/http/faces.c); faces do not know each other.
 *
 * For one request the server calls: claims of each row, then claims_rest, then claims_last, until
 * one returns true; decide, once or (when a login is checked in between) twice; serve; then it
 * checks conditional headers, calls write, and sends the body; or it hands the request over. Only
 * name, claims and serve are required.
 */
#ifndef RC_FACES_FACE_H
#define RC_FACES_FACE_H

#include "faces/answer.h"
#include "faces/directive.h"
#include "faces/request.h"
#include "faces/view.h"

typedef struct rc_face_t {
    const char *name; /* the name of its folder in src/faces */
    bool reads_body;  /* false: the body is skipped, and request->body is NULL */

    /* The parameters of its URLs' queries that hold a key, the most important first; NULL at the
     * end. NULL: a key in a query has no effect. Logs never show one. */
    const char *const *query_keys;

    const rc_directives_t *directives; /* NULL: none */
    const rc_view_table_t *views;      /* whose names a whitelist can hold; NULL: none */

    /* The face checks Authorization: Basic where httpd does not (request->basic_user). And where
     * `AuthBasicProvider rcapi` does, it accepts what rc_sign_in_token does. */
    bool basic;

    const char *clients; /* the type of repositories whose clients it serves; NULL: none */
    apr_size_t on;       /* where its settings have the bool that says whether it does */
    bool hands_over;     /* by another module of the server: rc_handover_t */

    /** Returns whether the face serves the URL, with its method and query. Reads only the request,
     * whose env may be NULL. @a state becomes answer->state. */
    bool (*claims)(void **state, const rc_request_t *request);

    /** The same for URLs that no face has claimed. Or NULL. */
    bool (*claims_rest)(void **state, const rc_request_t *request);

    /** The same for URLs that no face has claimed by claims_rest either. Or NULL. */
    bool (*claims_last)(void **state, const rc_request_t *request);

    /** Checks the caller's rights on what the URL names. Leaves answer->status at 200, or makes a
     * refusal, which must be the same for missing and for hidden objects. `Require rcapi` calls it
     * before a login, and grants every request to a face without it. */
    rc_err_t *(*decide)(rc_answer_t *answer, const rc_request_t *request);

    /** Makes the answer, or prepares it and sets answer->write, answer->stream or answer->over.
     * Called only when decide left the status at 200. An error becomes a refusal with the status of
     * its kind; if the request's body could not be read, httpd answers instead. */
    rc_err_t *(*serve)(rc_answer_t *answer, const rc_request_t *request);

    /** Called when the handler that answer->over names has changed the repository, before the
     * client gets the answer: @a change is what it calls the change, for example the new revision.
     * The change stands whatever this returns. */
    rc_err_t *(*changed)(rc_answer_t *answer, const rc_request_t *request, const char *change);

    /** Formats a refusal (answer->status, answer->text): sets headers, and writes a body into the
     * empty spool. NULL, or an empty spool: plain text is sent. request->env may be NULL. */
    rc_err_t *(*refuse)(rc_answer_t *answer, const rc_request_t *request);

    /** Checks the tables of the face when the server starts; an error stops it. */
    rc_err_t *(*check)(apr_pool_t *pool);
} rc_face_t;

/** All faces, in the order of their claims; NULL at the end. */
extern const rc_face_t *const rc_faces[];

#endif
