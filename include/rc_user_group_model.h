// SPDX-License-Identifier: Apache-2.0
/*
 * Making user groups, with the permission rows of new ones (contract 01 §5).
 */
#ifndef RC_USER_GROUP_MODEL_H
#define RC_USER_GROUP_MODEL_H

#include "rc_repo.h"

/**
 * Inside a transaction: makes the group of @a group (name, owner_id, description, active), sets
 * its id. A taken name is RC_E_CONFLICT, an unusable one RC_E_FAILED.
 */
rc_err_t *rc_model_user_group_create(rc_user_group_t *group, rc_db_t *db, apr_pool_t *pool);

#endif
