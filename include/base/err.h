// SPDX-License-Identifier: Apache-2.0
/*
 * The error type of all functions. A function returns NULL for success, else an error that lives
 * in a pool of the caller. The kind decides what a client sees; `detail` is for the log only.
 */
#ifndef RC_BASE_ERR_H
#define RC_BASE_ERR_H

#include <apr_errno.h>
#include <apr_pools.h>

#include "base/log.h"

/* Kind, HTTP status of a view, level in the log. An answer with a warning or an error carries an id
 * that the user can report. Add new kinds at the end. */
#define RC_ERR_KINDS(X)                                                                            \
    X(RC_E_ARG, 400, RC_LOG_INFO)          /* the client's fault; msg says what is wrong */        \
    X(RC_E_UNAUTHORIZED, 401, RC_LOG_INFO) /* an identity is required */                           \
    X(RC_E_FORBIDDEN, 403, RC_LOG_INFO)    /* the user is known, but not permitted */              \
    X(RC_E_NOTFOUND, 404, RC_LOG_INFO)     /* no such object, or it is hidden from the caller */   \
    X(RC_E_CONFLICT, 409, RC_LOG_WARNING)  /* violates a database constraint: `constraint` */      \
    X(RC_E_FAILED, 422, RC_LOG_WARNING)    /* expected: an API method answers its failure text */  \
    X(RC_E_BUSY, 503, RC_LOG_WARNING)      /* try again later */                                   \
    X(RC_E_INTERNAL, 500, RC_LOG_ERR)      /* the server's fault; clients see a fixed text */      \
    X(RC_E_LIMIT, 413, RC_LOG_WARNING)     /* too large, too many, too long; msg is for clients */ \
    X(RC_E_GONE, 503, RC_LOG_INFO)         /* the client has closed the connection */              \
    X(RC_E_MISS, 503, RC_LOG_INFO)         /* not in memory: no client sees it (db/memory.h) */

typedef enum {
#define X(kind, status, level) kind,
    RC_ERR_KINDS(X)
#undef X
} rc_err_kind_t;

typedef struct rc_err_t rc_err_t;
struct rc_err_t {
    rc_err_kind_t kind;
    apr_status_t cause;     /* the APR status that caused it, or APR_SUCCESS */
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

/** Returns an error of @a kind in @a pool; the formatted text is the message for clients. */
rc_err_t *rc_err(apr_pool_t *pool, rc_err_kind_t kind, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Returns RC_E_INTERNAL with a formatted detail for the log. @a cause may be APR_SUCCESS. */
rc_err_t *rc_err_internal(apr_pool_t *pool, apr_status_t cause, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

/** Returns RC_E_BUSY with a formatted detail for the log; clients see a fixed text. */
rc_err_t *rc_err_busy(apr_pool_t *pool, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

/** Returns RC_E_FAILED with a formatted detail for the log; clients see the method's failure text.
 */
rc_err_t *rc_err_failed(apr_pool_t *pool, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));

/** Sets @a detail, which stays, for the log if @a err is of kind RC_E_CONFLICT: in place of the
 * statement that failed. Returns @a err, which may be NULL. */
rc_err_t *rc_err_conflict(rc_err_t *err, const char *detail);

/** Returns a copy of @a err in @a pool; NULL for NULL. */
rc_err_t *rc_err_copy(const rc_err_t *err, apr_pool_t *pool);

/** Returns the HTTP status of a view for @a kind. */
int rc_err_http_status(rc_err_kind_t kind);

/** Returns the level at which an error of @a kind is logged. */
rc_log_level_t rc_err_log_level(rc_err_kind_t kind);

/** Returns the text for the log: detail, else message, else the kind's name, with the text of the
 * cause if there is one; never NULL. */
const char *rc_err_log_text(const rc_err_t *err, apr_pool_t *pool);

#endif
