// SPDX-License-Identifier: Apache-2.0
/*
 * Adds a problem to the list of the check.
 */
#include "check.h"

#include <stdarg.h>

#include <apr_lib.h>
#include <apr_strings.h>

/* Names of directories can contain control characters, which a terminal would obey. */
void rc_check_note(rc_check_t *check, const char *fmt, ...)
{
    va_list ap;
    char *text, *p;

    va_start(ap, fmt);
    text = apr_pvsprintf(check->pool, fmt, ap);
    va_end(ap);
    for (p = text; *p; p++)
        if (apr_iscntrl(*p))
            *p = '?';
    APR_ARRAY_PUSH(check->problems, const char *) = text;
}
