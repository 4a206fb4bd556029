// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and replaces everything in the database that is encrypted with the secret, for all users
 * and repositories.
 */
#ifndef RC_STORE_SEALED_H
#define RC_STORE_SEALED_H

#include <apr_tables.h>

#include "db/db.h"

typedef enum {
    RC_SEALED_KEYS,
    RC_SEALED_URIS,
    RC_SEALED_WEBHOOKS,
    RC_SEALED_TASKS
} rc_sealed_kind_t;

typedef struct rc_sealed_t {
    apr_int64_t id, user_id; /* of the row; of the key's owner */
    const void *data;
    int len;
} rc_sealed_t;

/** Returns the next rows (rc_sealed_t, in @a pool) whose ids are larger than @a after; an empty
 * array at the end. */
rc_err_t *rc_store_sealed_next(apr_array_header_t **rows, rc_db_t *db, rc_sealed_kind_t kind,
                               apr_int64_t after, apr_pool_t *pool);

/** Replaces the encrypted data of a row. The old bytes can stay in the database's log until that is
 * overwritten. */
rc_err_t *rc_store_reseal(rc_db_t *db, rc_sealed_kind_t kind, const rc_sealed_t *row);

#endif
