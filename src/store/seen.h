// SPDX-License-Identifier: Apache-2.0
/*
 * Looks objects up together with the level of a user on them.
 */
#ifndef RC_STORE_SEEN_H
#define RC_STORE_SEEN_H

#include "sql.h"

typedef struct rc_seen_t {
    apr_int64_t id;
    int level;
} rc_seen_t;

/** Steps a statement ..._SEEN_BY_...: the id is 0 when the object does not exist or is hidden from
 * the user. Which of the two takes the same work. */
rc_err_t *rc_seen_one(rc_seen_t *seen, rc_stmt_t *st, rc_db_t *db);

/** Reads a statement of (id, level) rows to its end, then calls @a fn for each, which may use the
 * connection. @a scratch is cleared before the next one; 16 bytes a row are kept. */
rc_err_t *rc_seen_each(rc_stmt_t *st, rc_db_t *db,
                       rc_err_t *(*fn)(void *baton, const rc_seen_t *seen, apr_pool_t *scratch),
                       void *baton, apr_pool_t *pool);

#endif
