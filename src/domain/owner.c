// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the owner of a new object.
 */
#include "owner.h"

rc_err_t *rc_owner_check(const rc_owner_t *owner, apr_pool_t *pool)
{
    return owner->sent && !owner->user ? rc_err_failed(pool, "unknown owner") : NULL;
}

rc_err_t *rc_owner_find(const rc_user_t **out, rc_actor_t *actor, const rc_owner_t *owner)
{
    rc_user_t *caller;

    RC_TRY(rc_owner_check(owner, actor->pool));
    *out = owner->user;
    if (owner->user)
        return NULL;
    RC_TRY(rc_store_user_by_id(&caller, actor->db, actor->caller->user_id, actor->pool));
    *out = caller;
    return caller ? NULL : rc_err_failed(actor->pool, "unknown owner");
}
