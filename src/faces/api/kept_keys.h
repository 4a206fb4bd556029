// SPDX-License-Identifier: Apache-2.0
/*
 * Keys in clear in results that are kept: in memory they stand as they do in the database, sealed.
 */
#ifndef RC_FACES_API_KEPT_KEYS_H
#define RC_FACES_API_KEPT_KEYS_H

#include "method.h"

/** Notes that @a key was written to @a out as @a clear, a JSON string, just now; for methods with
 * RC_RESULTS. */
void rc_kept_key_written(rc_call_t *call, const rc_json_t *out, const rc_user_key_t *key,
                         const char *clear);

/** Returns the result that begins at @a start of @a content, with the keys that were written as
 * they are stored; {NULL, 0} when the content does not have them where they were noted. */
rc_bytes_t rc_kept_keys_seal(const rc_call_t *call, rc_bytes_t content, apr_size_t start);

/** Returns a result that was sealed as it was written; {NULL, 0} when a key cannot be opened. */
rc_bytes_t rc_kept_keys_open(const rc_call_t *call, rc_bytes_t sealed);

#endif
