// SPDX-License-Identifier: Apache-2.0
/*
 * Creates errors, and holds the table of their kinds: HTTP status and log level.
 */
#include "base/err.h"

#include <stdarg.h>

#include <apr_strings.h>

static const struct {
    const char *name;
    int status;
    rc_log_level_t level;
} kinds[] = {
#define X(kind, status, level) {#kind, status, level},
    RC_ERR_KINDS(X)
#undef X
};

static rc_err_t *new_error(apr_pool_t *pool, rc_err_kind_t kind, apr_status_t cause)
{
    rc_err_t *err = apr_pcalloc(pool, sizeof(*err));

    err->kind = kind;
    err->cause = cause;
    return err;
}

rc_err_t *rc_err(apr_pool_t *pool, rc_err_kind_t kind, const char *fmt, ...)
{
    rc_err_t *err = new_error(pool, kind, APR_SUCCESS);
    va_list ap;

    va_start(ap, fmt);
    err->msg = apr_pvsprintf(pool, fmt, ap);
    va_end(ap);
    return err;
}

rc_err_t *rc_err_copy(const rc_err_t *err, apr_pool_t *pool)
{
    rc_err_t *copy;

    if (!err)
        return NULL;
    copy = new_error(pool, err->kind, err->cause);
    copy->msg = apr_pstrdup(pool, err->msg);
    copy->detail = apr_pstrdup(pool, err->detail);
    copy->constraint = apr_pstrdup(pool, err->constraint);
    return copy;
}

rc_err_t *rc_err_internal(apr_pool_t *pool, apr_status_t cause, const char *fmt, ...)
{
    rc_err_t *err = new_error(pool, RC_E_INTERNAL, cause);
    va_list ap;

    va_start(ap, fmt);
    err->detail = apr_pvsprintf(pool, fmt, ap);
    va_end(ap);
    return err;
}

rc_err_t *rc_err_failed(apr_pool_t *pool, const char *fmt, ...)
{
    rc_err_t *err = new_error(pool, RC_E_FAILED, APR_SUCCESS);
    va_list ap;

    va_start(ap, fmt);
    err->detail = apr_pvsprintf(pool, fmt, ap);
    va_end(ap);
    return err;
}

rc_err_t *rc_err_busy(apr_pool_t *pool, const char *fmt, ...)
{
    rc_err_t *err = new_error(pool, RC_E_BUSY, APR_SUCCESS);
    va_list ap;

    va_start(ap, fmt);
    err->detail = apr_pvsprintf(pool, fmt, ap);
    va_end(ap);
    return err;
}

int rc_err_http_status(rc_err_kind_t kind)
{
    return kinds[kind].status;
}

rc_log_level_t rc_err_log_level(rc_err_kind_t kind)
{
    return kinds[kind].level;
}

rc_err_t *rc_err_conflict(rc_err_t *err, const char *detail)
{
    if (err && err->kind == RC_E_CONFLICT)
        err->detail = detail;
    return err;
}

const char *rc_err_log_text(const rc_err_t *err, apr_pool_t *pool)
{
    const char *text = err->detail ? err->detail : err->msg ? err->msg : kinds[err->kind].name;
    char reason[120];

    if (err->cause == APR_SUCCESS)
        return text;
    return apr_psprintf(pool, "%s: %s", text, apr_strerror(err->cause, reason, sizeof(reason)));
}
