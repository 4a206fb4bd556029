// SPDX-License-Identifier: Apache-2.0
/*
 * Sends log messages to one callback, which each process (httpd, a program, a test) sets once at
 * start. Never pass keys, passwords or tokens.
 */
#ifndef RC_BASE_LOG_H
#define RC_BASE_LOG_H

#include <apr_errno.h>

typedef enum { RC_LOG_ERR, RC_LOG_WARNING, RC_LOG_INFO, RC_LOG_DEBUG } rc_log_level_t;

typedef void rc_log_fn_t(void *baton, rc_log_level_t level, apr_status_t status, const char *text);

/** Sets the callback of this process. Messages before that are dropped. */
void rc_log_set(rc_log_fn_t *fn, void *baton);

/** Logs a formatted message, cut at 1023 bytes; @a status may be APR_SUCCESS. */
void rc_log(rc_log_level_t level, apr_status_t status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
