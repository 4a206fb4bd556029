// SPDX-License-Identifier: Apache-2.0
#ifndef RC_STORE_USER_READ_H
#define RC_STORE_USER_READ_H

#include "store/user.h"
#include "sql.h"

/** Copies the current row of a statement with USER_COLUMNS to @a pool. */
rc_user_t *rc_read_user(rc_stmt_t *st, apr_pool_t *pool);

/** Reads the current row of a statement with USER_KEY_COLUMNS; its texts are copied into
 * @a pool. */
void rc_read_user_key(rc_user_key_t *key, rc_stmt_t *st, apr_pool_t *pool);

#endif
