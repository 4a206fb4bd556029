// SPDX-License-Identifier: Apache-2.0
/*
 * The one error type. A function returns NULL for success, else an error that lives in the
 * caller's request pool. The kind decides what a client sees; `detail` goes to the log only.
 */
#ifndef RC_BASE_ERR_H
#define RC_BASE_ERR_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/log.h"

/* kind, HTTP status of a view, level of the log: warnings and errors give the answer an id that its
 * reader can name. Add at the end. */
#define RC_ERR_KINDS(X)                                                                            \
    X(RC_E_ARG, 400, RC_LOG_INFO)          /* the client's fault; msg says what is wrong */        \
    X(RC_E_UNAUTHORIZED, 401, RC_LOG_INFO) /* an identity is required */                           \
    X(RC_E_FORBIDDEN, 403, RC_LOG_INFO)    /* the identity is known, but not allowed to */         \
    X(RC_E_NOTFOUND, 404, RC_LOG_INFO)     /* no such object, or none the caller may know of */    \
    X(RC_E_CONFLICT, 409, RC_LOG_WARNING)  /* a constraint of the database; see `constraint` */    \
    X(RC_E_FAILED, 422, RC_LOG_WARNING)    /* expected: an API method answers its failure text */  \
    X(RC_E_BUSY, 503, RC_LOG_WARNING)      /* try again later */                                   \
    X(RC_E_INTERNAL, 500, RC_LOG_ERR)      /* the server's fault; clients see a fixed text */      \
    X(RC_E_LIMIT, 413, RC_LOG_WARNING)     /* too large, too many, too long; msg is for clients */ \
    X(RC_E_GONE, 503, RC_LOG_INFO)         /* the client has closed the connection */

typedef enum {
#define X(kind, status, level) kind,
    RC_ERR_KINDS(X)
#undef X
} rc_err_kind_t;

typedef struct rc_err_t rc_err_t;
struct rc_err_t {
    rc_err_kind_t kind;
    apr_status_t cause;     /* APR status behind it, or APR_SUCCESS */
    const char *msg;        /* for clients; NULL = the fixed text of the kind */
    const char *detail;     /* for the log; NULL = msg */
    const char *constraint; /* RC_E_CONFLICT: "table.column" or an index name, else NULL */
};

#define RC_TRY(expr)                                                                               \
    do {                                                                                           \
        rc_err_t *rc_try_err_ = (expr);                                                            \
        if (rc_try_err_)                                                                           \
            return rc_try_err_;                                                                    \
    } while (0)

/** An error of @a kind whose formatted text is the client's message. Lives in @a pool. */
rc_err_t *rc_err(apr_pool_t *pool, rc_err_kind_t kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** RC_E_INTERNAL with a formatted detail for the log. @a cause may be APR_SUCCESS. */
rc_err_t *rc_err_internal(apr_pool_t *pool, apr_status_t cause, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** RC_E_BUSY with a formatted detail for the log: clients see no more than that it failed. */
rc_err_t *rc_err_busy(apr_pool_t *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** RC_E_FAILED with a formatted detail for the log: clients see the method's failure text. */
rc_err_t *rc_err_failed(apr_pool_t *pool, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** The same error in @a pool; NULL of NULL. */
rc_err_t *rc_err_copy(const rc_err_t *err, apr_pool_t *pool);

/** HTTP status a view answers for @a kind. */
int rc_err_http_status(rc_err_kind_t kind);

/** Level at which an error of @a kind is logged. */
rc_log_level_t rc_err_log_level(rc_err_kind_t kind);

/** The text for the log: detail, else message, else the kind's name; never NULL. */
const char *rc_err_log_text(const rc_err_t *err, apr_pool_t *pool);

#endif
