// SPDX-License-Identifier: Apache-2.0
/*
 * Reads what belongs to the repositories of a list. Private to src/store.
 */
#ifndef RC_STORE_REPO_READ_H
#define RC_STORE_REPO_READ_H

#include "seen.h"

/** Sets, for each repository of a chunk, an item of @a lists to its extra fields (rc_repo_field_t,
 * by key), in the pool of the chunk. */
rc_err_t *rc_read_repo_fields(apr_array_header_t **lists, const rc_chunk_t *chunk);

#endif
