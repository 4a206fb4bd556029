// SPDX-License-Identifier: Apache-2.0
/*
 * Reads what belongs to the repositories of a list. Private to src/store.
 */
#ifndef RC_STORE_REPO_READ_H
#define RC_STORE_REPO_READ_H

#include "seen.h"
#include "store/repo.h"

/** Sets, for each repository of a chunk, an item of @a lists to its extra fields (rc_repo_field_t,
 * by key), in the pool of the chunk. */
rc_err_t *rc_read_repo_fields(apr_array_header_t **lists, const rc_chunk_t *chunk);

/** Steps a statement with REPO_COLUMNS, and reads its row or NULL. */
rc_err_t *rc_step_repo(rc_repo_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool);

#endif
