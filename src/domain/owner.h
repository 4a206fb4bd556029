// SPDX-License-Identifier: Apache-2.0
/*
 * The owner that a request names for an object. Private to src/domain.
 */
#ifndef RC_DOMAIN_OWNER_H
#define RC_DOMAIN_OWNER_H

#include "domain/actor.h"
#include "domain/user.h"

/** Returns RC_E_FAILED when a request names an owner who does not exist. */
rc_err_t *rc_owner_check(const rc_owner_t *owner, apr_pool_t *pool);

/** Finds the owner of a new object: the user that the request names, else the caller. Returns
 * RC_E_FAILED when there is no such user. */
rc_err_t *rc_owner_find(const rc_user_t **out, rc_actor_t *actor, const rc_owner_t *owner);

#endif
