// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the body of a request piece by piece: counts it against a limit, inflates it on request,
 * and ends with a deadline. The server supplies the bytes (rc_body_source_t).
 */
#ifndef RC_BASE_BODY_H
#define RC_BASE_BODY_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/err.h"

/* The result of a read. All but MORE and LATER are final. */
typedef enum {
    RC_BODY_MORE,      /* there are some bytes */
    RC_BODY_LATER,     /* no bytes yet (only when the caller does not wait) */
    RC_BODY_END,       /* the body is complete */
    RC_BODY_TOO_LARGE, /* the limit is exceeded; the rest is not read */
    RC_BODY_GONE,      /* the client closed the connection, or it broke */
    RC_BODY_LATE,      /* the deadline has passed */
    RC_BODY_MALFORMED  /* the framing or the compression is invalid */
} rc_body_state_t;

/* The source of a body. */
typedef struct rc_body_source_t {
    /* Returns the next bytes, valid until the next call; with wait, blocks until there are some. */
    rc_body_state_t (*read)(void *baton, const char **data, apr_size_t *len, bool wait);
    void *baton;
    int fd;                   /* readable when there may be more bytes; -1: no descriptor */
    bool sent;                /* the client announced a body, even an empty one */
    apr_off_t announced;      /* Content-Length; -1: unknown */
    const char *encoding;     /* Content-Encoding; NULL: none */
    apr_interval_time_t idle; /* the longest time without a byte, 0: no limit. (A read that
                                 waits has the server's own limit.) */
} rc_body_source_t;

typedef struct rc_body_t rc_body_t;

/** Creates a reader of @a source in @a pool. */
rc_body_t *rc_body_create(const rc_body_source_t *source, apr_pool_t *pool);

/** Limits the body to @a max bytes as sent. A body that is announced as longer is not read at all.
 * Default: no limit. */
void rc_body_set_limit(rc_body_t *body, apr_off_t max);

/** Ends reading at @a deadline, on rc_clock(); 0: no deadline (default). */
void rc_body_set_deadline(rc_body_t *body, apr_time_t deadline);

/**
 * Undoes Content-Encoding gzip (x-gzip), up to @a max inflated bytes; to be called before the first
 * read. Returns false when the body has another encoding (the answer is 415). A body without an
 * encoding is read as it is, up to @a max bytes.
 */
bool rc_body_inflate(rc_body_t *body, apr_off_t max);

/**
 * Returns the next bytes, at least one with RC_BODY_MORE; they are valid until the next call. With
 * @a wait it blocks until there are some, or the state is final. A final state stays.
 */
rc_body_state_t rc_body_read(rc_body_t *body, const char **data, apr_size_t *len, bool wait);

/** Returns the state after the last read; before the first one RC_BODY_LATER, or a final state. */
rc_body_state_t rc_body_state(const rc_body_t *body);

/** Returns a descriptor that is readable when a read may return more; -1: there is none, see
 * rc_body_pause. */
int rc_body_fd(const rc_body_t *body);

/** Returns how long to wait before the next read of a body without a descriptor: 0 after bytes,
 * more and more while none come, at most 20 ms. To be called once for each wait. */
apr_interval_time_t rc_body_pause(rc_body_t *body);

/** Returns how many announced bytes are not read yet, or (for a body that is too large) how many
 * exceed the limit; -1 when the length is unknown. */
apr_off_t rc_body_left(const rc_body_t *body);

/** Reads the whole body into @a pool: RC_BODY_END with @a *len bytes and a NUL after them in
 * @a *data; *@a data is NULL when no body was announced. Else the state that ended the reading. */
rc_body_state_t rc_body_whole(const char **data, apr_size_t *len, rc_body_t *body,
                              apr_pool_t *pool);

/** Reads what the client still sends, and forgets it, until @a until (rc_clock()): a client looks
 * for its answer only afterwards. It is not inflated, which could take long for few bytes. */
void rc_body_drain(rc_body_t *body, apr_time_t until);

/** Returns the error for a final state other than RC_BODY_END: RC_E_LIMIT, RC_E_ARG or RC_E_GONE.
 */
rc_err_t *rc_body_error(rc_body_state_t state, apr_pool_t *pool);

#endif
