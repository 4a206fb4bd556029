// SPDX-License-Identifier: Apache-2.0
/*
 * The answer to one request: a face fills it, the server sends it. Everything about HTTP that a
 * face decides is data in here.
 */
#ifndef RC_FACES_ANSWER_H
#define RC_FACES_ANSWER_H

#include <apr_tables.h>

#include "base/spool.h"
#include "base/stream.h"
#include "faces/request.h"

typedef struct rc_answer_t rc_answer_t;
struct rc_answer_t {
    apr_pool_t *pool; /* lives until the answer is sent */
    void *state;      /* the face's own: from claims to decide, serve and write */

    /* below 400: the body is sent, or none for 304; from 400 on: a refusal, see rc_face_t.refuse */
    int status;
    const char *text; /* of a refusal, for the client; NULL: the status' own words */
    const char *why;  /* of a refusal, for the log only: tells what exists; NULL: text */
    const char *user; /* who makes the request, set by decide; NULL: a visitor or nobody */

    const char *type;     /* Content-Type */
    apr_table_t *headers; /* what else is sent; rc_answer_header */
    bool packed;          /* no filter may compress the body */
    bool ranges;          /* Accept-Ranges is sent */

    /* with conditional, If-None-Match and its like are answered between serve and write */
    bool conditional;
    const char *etag;          /* without quotes, or NULL; write may take it back */
    apr_int64_t last_modified; /* epoch seconds, 0 = none */

    /* the body: one of these */
    rc_spool_t *spool; /* always there; what was written into it is sent */
    rc_err_t *(*write)(rc_answer_t *answer, const rc_request_t *request); /* fills it; or NULL */
    apr_off_t length;    /* of a body that was left out (HEAD); -1: it is in the spool */
    rc_stream_t *stream; /* made while it is sent; lives in the request's pool. Or NULL */
};

/** Sets a header of the answer; copies @a value. */
void rc_answer_header(rc_answer_t *answer, const char *name, const char *value);

/** Sets several: names and values in turn, NULL at the end. */
void rc_answer_headers(rc_answer_t *answer, const char *const *pairs);

/** For what a repository holds: no browser may run it, guess its type, or pass its URL on. */
extern const char *const rc_answer_sandbox[];

/** Makes the answer a refusal; NULL for both texts: the status' own words. Returns NULL. */
rc_err_t *rc_answer_refuse(rc_answer_t *answer, int status, const char *text, const char *why);

#endif
