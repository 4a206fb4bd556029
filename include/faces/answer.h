// SPDX-License-Identifier: Apache-2.0
/*
 * The answer to one request. A face fills it and the server sends it; it holds everything about
 * HTTP that a face decides.
 */
#ifndef RC_FACES_ANSWER_H
#define RC_FACES_ANSWER_H

#include <apr_tables.h>

#include "base/spool.h"
#include "base/stream.h"
#include "faces/request.h"
#include "store/repo.h"

/* A repository for which another handler of the server makes the answer. */
typedef struct rc_handover_t {
    const char *type; /* of the repository: says which handler */
    const char *url;  /* of the repository, after the mount, decoded, with a leading "/" */
    const char *path; /* of it, on the disk */
    bool writes;      /* the request may change the repository */
    bool whole_url; /* the handler gets what was sent, even if a part of the URL looks like a key */
} rc_handover_t;

typedef struct rc_answer_t rc_answer_t;
struct rc_answer_t {
    apr_pool_t *pool; /* lives until the answer is sent */
    void *state;      /* private to the face; set by claims */

    /* below 400: the body is sent (none for 304); from 400 on: a refusal, see rc_face_t.refuse */
    int status;
    const char *text; /* of a refusal, for the client; NULL: the default text of the status */
    const char *why;  /* of a refusal, for the log only, as it may reveal what exists; NULL: text */
    const char *reason; /* of a refusal, in the status line, for a client that shows nothing else;
                           NULL: that of the status */
    bool usual;         /* of a refusal: it is no news, and logged at debug only */
    const char *view;   /* which view or page it is, as the whitelist names it; NULL: none */
    const char *user;   /* the caller's name, set by decide; NULL: anonymous or no user */
    const rc_repo_t *repo; /* what the URL names, set by decide; NULL: no repository */

    const char *type;     /* Content-Type; a stream may set it until its first piece */
    apr_table_t *headers; /* other headers; see rc_answer_header */
    bool packed;          /* no filter may compress the body */
    bool ranges;          /* Accept-Ranges is sent */

    /* the server checks If-None-Match and similar headers between serve and write */
    bool conditional;
    const char *etag;          /* without quotes, or NULL; write may reset it */
    apr_int64_t last_modified; /* epoch seconds, 0 = none */

    /* the body: one of these */
    rc_spool_t *spool; /* never NULL; its content is sent */
    rc_err_t *(*write)(rc_answer_t *answer, const rc_request_t *request); /* into spool; or NULL */
    apr_off_t length;    /* of a body that was left out (HEAD); -1: it is in the spool */
    rc_stream_t *stream; /* sent while it is generated; lives in the request's pool. Or NULL */
    const rc_handover_t *over; /* another handler answers as answer->user; see rc_face_t.changed */
};

/** Sets a header of the answer; copies @a value. */
void rc_answer_header(rc_answer_t *answer, const char *name, const char *value);

/** Sets several headers: names and values in turn, NULL at the end; all constants. */
void rc_answer_headers(rc_answer_t *answer, const char *const *pairs);

/** Headers for contents of repositories: a browser must not run them, guess their type, or send
 * their URL as Referer. */
extern const char *const rc_answer_sandbox[];

/** Makes the answer a refusal; @a text and @a why may be NULL (see above). Returns NULL. */
rc_err_t *rc_answer_refuse(rc_answer_t *answer, int status, const char *text, const char *why);

#endif
