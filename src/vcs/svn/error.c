// SPDX-License-Identifier: Apache-2.0
/*
 * Turns failures of libsvn into errors of this module, and stops long work of libsvn.
 */
#include "svn.h"

#include <stdarg.h>
#include <string.h>

#include <apr_strings.h>

#define REASON_MOST 500 /* bytes of the messages of a chain */

/* Appends the messages of the chain, each once: libsvn repeats them as it passes an error up. */
static const char *reason_of(const svn_error_t *err, apr_pool_t *pool)
{
    const char *text = "", *last = "";
    char room[200];

    for (; err && strlen(text) < REASON_MOST; err = err->child) {
        const char *message =
            err->message ? err->message : svn_strerror(err->apr_err, room, sizeof(room));

        if (!strcmp(message, last))
            continue;
        last = apr_pstrdup(pool, message);
        text = apr_pstrcat(pool, text, *text ? ": " : "", last, NULL);
    }
    return apr_pstrndup(pool, text, REASON_MOST);
}

rc_err_t *rc_svn_err(svn_error_t *err, apr_pool_t *pool, const char *fmt, ...)
{
    const char *what, *why;
    va_list ap;

    if (!err)
        return NULL;
    va_start(ap, fmt);
    what = apr_pvsprintf(pool, fmt, ap);
    va_end(ap);
    why = reason_of(err, pool);
    svn_error_clear(err);
    return rc_err_internal(pool, APR_SUCCESS, "%s: %s", what, why);
}

svn_error_t *rc_svn_go_on(void *baton)
{
    rc_svn_going_t *going = baton;

    if (!going->err)
        going->err = rc_work_look(going->work, going->pool);
    return going->err ? svn_error_create(SVN_ERR_CANCELLED, NULL, NULL) : NULL;
}
