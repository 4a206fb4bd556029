// SPDX-License-Identifier: Apache-2.0
/*
 * Log messages from below the server: one callback, set once per process by its
 * main part (httpd, a program, a test). Never pass keys, passwords or tokens.
 */
#ifndef RC_BASE_LOG_H
#define RC_BASE_LOG_H

#include <apr_errno.h>

typedef enum { RC_LOG_ERR, RC_LOG_WARNING, RC_LOG_INFO, RC_LOG_DEBUG } rc_log_level_t;

typedef void rc_log_fn_t(void *baton, rc_log_level_t level, apr_status_t status, const char *text);

/** Sets the receiver for this process. Until then messages go nowhere. */
void rc_log_set(rc_log_fn_t *fn, void *baton);

/** Logs a formatted message; @a status may be APR_SUCCESS. */
void rc_log(rc_log_level_t level, apr_status_t status, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));

#endif
