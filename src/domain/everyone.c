// SPDX-License-Identifier: Apache-2.0
/*
 * Grants everyone the default permission on a new object (contract 01 §5).
 */
#include "domain/repo.h"

#include "store/user.h"

rc_err_t *rc_grant_everyone(rc_db_t *db, rc_kind_t kind, apr_int64_t id, bool closed,
                            apr_pool_t *pool)
{
    rc_level_t level = RC_NONE;
    rc_user_t *anyone;

    RC_TRY(rc_store_user_by_name(&anyone, db, RC_DEFAULT_USER, pool));
    if (!anyone)
        return NULL;
    if (!closed)
        RC_TRY(rc_rule_new_object_level(&level, db, kind));
    return rc_rule_grant_user(db, kind, id, anyone->id, level);
}
