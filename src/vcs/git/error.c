// SPDX-License-Identifier: Apache-2.0
/*
 * Turns a failure of libgit2 into an error of this module.
 */
#include "git.h"

#include <stdarg.h>

#include <apr_strings.h>

rc_err_t *rc_git_err(apr_pool_t *pool, const char *fmt, ...)
{
    const git_error *last = git_error_last(); /* per thread; the next call may replace it */
    const char *why = last && last->message ? last->message : "no reason given";
    va_list ap;
    const char *what;

    va_start(ap, fmt);
    what = apr_pvsprintf(pool, fmt, ap);
    va_end(ap);
    return rc_err_internal(pool, APR_SUCCESS, "%s: %s", what, why);
}
