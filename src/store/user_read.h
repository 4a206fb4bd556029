// SPDX-License-Identifier: Apache-2.0
#ifndef RC_STORE_USER_READ_H
#define RC_STORE_USER_READ_H

#include "store/user.h"
#include "seen.h"

/** Copies the current row of a statement with USER_COLUMNS to @a pool. */
rc_user_t *rc_read_user(rc_stmt_t *st, apr_pool_t *pool);

#define RC_USER_COLUMNS 10 /* the number of USER_COLUMNS */

/** The same for a statement with USER_COLUMNS from column @a at on. */
rc_user_t *rc_read_user_at(rc_stmt_t *st, int at, apr_pool_t *pool);

/** Reads the current row of a statement with USER_KEY_COLUMNS; its texts are copied into
 * @a pool. */
void rc_read_user_key(rc_user_key_t *key, rc_stmt_t *st, apr_pool_t *pool);

/** Reads a chunk of users with their addresses, IP entries and, with @a keys, keys. @a details has
 * an element for each of them; its user is NULL when there is none of this id. */
rc_err_t *rc_users_read(rc_user_details_t *details, const rc_chunk_t *chunk, bool keys);

#endif
