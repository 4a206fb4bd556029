// SPDX-License-Identifier: Apache-2.0
#ifndef RC_FACES_API_REASON_H
#define RC_FACES_API_REASON_H

#include "method.h"

/** Logs why a body was refused before its method was known; @a key (or NULL) is not shown. */
void rc_log_refused_call(const char *text, const char *key, apr_pool_t *pool);

/** Logs why a method failed, or refused the call. */
void rc_log_failed_call(const rc_call_t *call, const rc_err_t *err);

#endif
