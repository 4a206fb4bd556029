// SPDX-License-Identifier: Apache-2.0
/*
 * Making and changing user groups, with the permission rows of new ones (contract 01 §5). All
 * inside the caller's write transaction. A taken name is RC_E_CONFLICT, an unusable one
 * RC_E_FAILED.
 */
#ifndef RC_DOMAIN_USER_GROUP_H
#define RC_DOMAIN_USER_GROUP_H

#include "store/repo.h"

/** Makes the group of @a group (name, owner_id, description, active), sets its id. */
rc_err_t *rc_user_group_insert(rc_user_group_t *group, rc_db_t *db, apr_pool_t *pool);

/** Stores @a to (name, owner_id, description, active) over @a from, a row with the same id. */
rc_err_t *rc_user_group_change(rc_db_t *db, const rc_user_group_t *from, const rc_user_group_t *to,
                               apr_pool_t *pool);

#endif
