// SPDX-License-Identifier: Apache-2.0
#ifndef RC_FACES_API_DISPATCH_H
#define RC_FACES_API_DISPATCH_H

#include "method.h"

/**
 * Runs call->method for the owner of call->key and writes its result into @a out. After an error
 * the caller must discard what was written.
 */
rc_err_t *rc_dispatch(rc_call_t *call, rc_json_t *out);

#endif
