// SPDX-License-Identifier: Apache-2.0
#ifndef RC_STORE_GROUP_READ_H
#define RC_STORE_GROUP_READ_H

#include "store/group.h"
#include "sql.h"

/** Copies the current row of a statement with USER_GROUP_COLUMNS to @a pool. */
rc_user_group_t *rc_read_user_group(rc_stmt_t *st, apr_pool_t *pool);

#endif
