// SPDX-License-Identifier: Apache-2.0
/*
 * The body of a request, read some bytes at a time: counted against a limit, inflated where that is
 * wanted, with a deadline. Where the bytes come from is the server's (rc_body_source_t).
 */
#ifndef RC_BASE_BODY_H
#define RC_BASE_BODY_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/err.h"

/* What came of reading. All but MORE and LATER are final. */
typedef enum {
    RC_BODY_MORE,      /* some bytes */
    RC_BODY_LATER,     /* none yet (only when the caller does not wait) */
    RC_BODY_END,       /* there are no more */
    RC_BODY_TOO_LARGE, /* more than the limit; what was sent is not read any further */
    RC_BODY_GONE,      /* the client has left, or the connection broke */
    RC_BODY_LATE,      /* the deadline has come */
    RC_BODY_MALFORMED  /* its framing or its compression is wrong */
} rc_body_state_t;

/* Where a body comes from. */
typedef struct rc_body_source_t {
    /* The next bytes, valid until the next call; with wait, blocks until there are some. */
    rc_body_state_t (*read)(void *baton, const char **data, apr_size_t *len, bool wait);
    void *baton;
    int fd;                   /* readable when there may be more; -1: not known */
    bool sent;                /* the client has announced a body, even an empty one */
    apr_off_t announced;      /* its length as sent; -1: not known */
    const char *encoding;     /* Content-Encoding; NULL: none */
    apr_interval_time_t idle; /* a client that sends nothing for so long is late; 0: no limit. (A
                                 read that waits has the server's own limit.) */
} rc_body_source_t;

typedef struct rc_body_t rc_body_t;

/** A reader of @a source, in @a pool. */
rc_body_t *rc_body_create(const rc_body_source_t *source, apr_pool_t *pool);

/** From now on the body may have @a max bytes as they are sent. A longer one that was announced is
 * not read at all. Default: no limit. */
void rc_body_set_limit(rc_body_t *body, apr_off_t max);

/** Reading ends at @a deadline, on rc_clock(); 0: it does not (default). */
void rc_body_set_deadline(rc_body_t *body, apr_time_t deadline);

/**
 * Before the first read: undoes Content-Encoding gzip (x-gzip), to @a max bytes in all. False when
 * the body has another encoding (415). A body without one is read as it is, up to @a max bytes.
 */
bool rc_body_inflate(rc_body_t *body, apr_off_t max);

/**
 * The next bytes, at least one when it returns RC_BODY_MORE; valid until the next call. With
 * @a wait it blocks until there are some, or the state is final. A final state stays.
 */
rc_body_state_t rc_body_read(rc_body_t *body, const char **data, apr_size_t *len, bool wait);

/** What the last read returned; RC_BODY_LATER before the first. */
rc_body_state_t rc_body_state(const rc_body_t *body);

/** Readable when a read may return more; -1: nobody can tell, try again after some milliseconds. */
int rc_body_fd(const rc_body_t *body);

/** Has the client announced a body? */
bool rc_body_sent(const rc_body_t *body);

/** The bytes that were announced and not read yet, or (of a body that is too large) that are more
 * than the limit; -1 when nobody knows. */
apr_off_t rc_body_left(const rc_body_t *body);

/** Reads all of it: RC_BODY_END with @a *len bytes and a NUL behind them in @a *data, in @a pool;
 * *@a data is NULL when no body was announced. Or why not. */
rc_body_state_t rc_body_whole(const char **data, apr_size_t *len, rc_body_t *body,
                              apr_pool_t *pool);

/** The error of a final state other than RC_BODY_END: RC_E_LIMIT, RC_E_ARG or RC_E_GONE. */
rc_err_t *rc_body_error(rc_body_state_t state, apr_pool_t *pool);

#endif
