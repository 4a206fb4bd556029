// SPDX-License-Identifier: Apache-2.0
#ifndef RC_FACES_API_REASON_H
#define RC_FACES_API_REASON_H

#include "method.h"

/** Logs why a request was refused before its method was known; hides @a key (or NULL) in @a text.
 */
void rc_log_refused_call(const char *text, const char *key, apr_pool_t *pool);

/** Returns whether the database was away or busy, and nothing can have been changed: the
 * transaction has not begun, or the method changes nothing. Then the client may try again. Other
 * calls say that they have failed. */
bool rc_call_is_away(const rc_call_t *call, const rc_err_t *err);

/** Logs why a method failed or refused the call, with the name of the user, and returns the text
 * for the client. */
const char *rc_call_error_text(const rc_call_t *call, const rc_err_t *err);

/** Returns the reason behind a failure text if the caller may know it: a super-admin, an
 * administrator of what the call is about, or whoever creates something (05 "Reasons"). Else NULL.
 */
const char *rc_call_reason(const rc_call_t *call, const rc_err_t *err);

#endif
