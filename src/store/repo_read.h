// SPDX-License-Identifier: Apache-2.0
/*
 * Reads what belongs to the repositories of a list. Private to src/store.
 */
#ifndef RC_STORE_REPO_READ_H
#define RC_STORE_REPO_READ_H

#include <apr_hash.h>

#include "seen.h"
#include "store/repo.h"

/** Sets, for each repository of a chunk, an item of @a lists to its extra fields (rc_repo_field_t,
 * by key), in the pool of the chunk. */
rc_err_t *rc_read_repo_fields(apr_array_header_t **lists, const rc_chunk_t *chunk);

/* The names of the owners in a list, by their ids: few users own most repositories, so each of them
 * is looked up once. */
typedef struct rc_owners_t {
    apr_pool_t *pool; /* NULL: nothing was looked up yet */
    apr_hash_t *names;
} rc_owners_t;

/** Sets the owners of the repositories of a chunk, which may be NULL. */
rc_err_t *rc_read_owners(rc_repo_t **repos, const rc_chunk_t *chunk, rc_owners_t *owners);

/** Steps a statement with REPO_COLUMNS, and reads its row or NULL. */
rc_err_t *rc_step_repo(rc_repo_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool);

#endif
