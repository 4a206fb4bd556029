// SPDX-License-Identifier: Apache-2.0
/*
 * The one error type. A function returns NULL for success, else an error that lives in the
 * caller's request pool. The kind decides what a client sees; `detail` goes to the log only.
 */
#ifndef RC_BASE_ERR_H
#define RC_BASE_ERR_H

#include <apr_errno.h>
#include <apr_pools.h>

/* kind, HTTP status of a web view. Add at the end. */
#define RC_ERR_KINDS(X)                                                                            \
    X(RC_E_ARG, 400)          /* the client's fault; msg is for him */                             \
    X(RC_E_UNAUTHORIZED, 401) /* no identity where one is needed */                                \
    X(RC_E_FORBIDDEN, 403)    /* known, but not allowed */                                         \
    X(RC_E_NOTFOUND, 404)     /* no such object, or none that the caller may know of */            \
    X(RC_E_CONFLICT, 409)     /* a constraint of the database failed; see `constraint` */          \
    X(RC_E_FAILED, 422)       /* expected failure: an API method answers its failure text */       \
    X(RC_E_BUSY, 503)         /* try again later */                                                \
    X(RC_E_INTERNAL, 500)     /* our fault; clients see a fixed text */                            \
    X(RC_E_LIMIT, 413)        /* too much of something; msg is for clients */                      \
    X(RC_E_GONE, 503)         /* the client has gone: nobody reads the answer */

typedef enum {
#define X(kind, status) kind,
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

/** HTTP status a web view answers for @a kind. */
int rc_err_http_status(rc_err_kind_t kind);

/** The words for the log: detail, else message, else the kind's name; never NULL. */
const char *rc_err_log_text(const rc_err_t *err, apr_pool_t *pool);

#endif
