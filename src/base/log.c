// SPDX-License-Identifier: Apache-2.0
/*
 * Holds the log callback of this process and formats messages for it.
 */
#include "base/log.h"

#include <stdarg.h>

#include <apr_strings.h>

static rc_log_fn_t *receiver;
static void *receiver_baton;

void rc_log_set(rc_log_fn_t *fn, void *baton)
{
    receiver = fn;
    receiver_baton = baton;
}

void rc_log(rc_log_level_t level, apr_status_t status, const char *fmt, ...)
{
    char text[1024];
    va_list ap;

    if (!receiver)
        return;
    va_start(ap, fmt);
    apr_vsnprintf(text, sizeof(text), fmt, ap);
    va_end(ap);
    receiver(receiver_baton, level, status, text);
}
