// SPDX-License-Identifier: Apache-2.0
/*
 * Creates and changes user groups, with the permissions of new ones (contract 01 §5), inside the
 * caller's write transaction. Returns RC_E_CONFLICT for a duplicate name, RC_E_FAILED for an
 * invalid one.
 */
#ifndef RC_DOMAIN_USER_GROUP_H
#define RC_DOMAIN_USER_GROUP_H

#include "store/repo.h"

/** Returns RC_E_FAILED with the reason for a name that no user group may have: among others one
 * that look-ups would take for an id. */
rc_err_t *rc_user_group_name_check(const char *name, apr_pool_t *pool);

/** Inserts @a group (name, owner_id, description, active) and sets its id. */
rc_err_t *rc_user_group_insert(rc_user_group_t *group, rc_db_t *db, apr_pool_t *pool);

/** Changes the row @a from to @a to (name, owner_id, description, active), which has the same id.
 */
rc_err_t *rc_user_group_change(rc_db_t *db, const rc_user_group_t *from, const rc_user_group_t *to,
                               apr_pool_t *pool);

#endif
