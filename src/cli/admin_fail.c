// SPDX-License-Identifier: Apache-2.0
/*
 * Prints on standard error why a command of rcapi-admin failed.
 */
#include "admin.h"

#include <stdarg.h>
#include <stdio.h>

int rc_admin_fail(int status, const char *fmt, ...)
{
    va_list ap;

    fputs("rcapi-admin: ", stderr);
    va_start(ap, fmt);
    vfprintf(stderr, fmt, ap);
    va_end(ap);
    fputc('\n', stderr);
    return status;
}

int rc_admin_result(rc_admin_t *admin, const rc_err_t *err)
{
    if (!err)
        return RC_ADMIN_OK;
    return rc_admin_fail(RC_ADMIN_FAILED, "%s",
                         err->msg ? err->msg : rc_err_log_text(err, admin->pool));
}
