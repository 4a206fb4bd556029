// SPDX-License-Identifier: Apache-2.0
/*
 * Looks up objects together with the level of a user on them: single ones, and lists. Private to
 * src/store.
 */
#ifndef RC_STORE_SEEN_H
#define RC_STORE_SEEN_H

#include "sql.h"

typedef struct rc_seen_t {
    apr_int64_t id;
    int level;
} rc_seen_t;

/** Steps a ..._SEEN_BY_... statement. The id is 0 when the object does not exist or is hidden from
 * the user; both cases cost the same work. */
rc_err_t *rc_seen_one(rc_seen_t *seen, rc_stmt_t *st, rc_db_t *db);

/** Reads all (id, level) rows of a statement, then calls @a fn for each; @a fn may use the
 * connection. @a scratch is cleared before each call; 16 bytes per row are kept. */
rc_err_t *rc_seen_each(rc_stmt_t *st, rc_db_t *db,
                       rc_err_t *(*fn)(void *baton, const rc_seen_t *seen, apr_pool_t *scratch),
                       void *baton, apr_pool_t *pool);

#endif
