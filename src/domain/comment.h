// SPDX-License-Identifier: Apache-2.0
/*
 * What comments on commits and on pull requests share.
 */
#ifndef RC_DOMAIN_COMMENT_PRIVATE_H
#define RC_DOMAIN_COMMENT_PRIVATE_H

#include "domain/actor.h"
#include "store/comment.h"

/** Returns RC_E_ARG unless @a type is note or todo; NULL is note. */
rc_err_t *rc_comment_check_type(const char *type, apr_pool_t *pool);

/** Returns RC_E_ARG unless the comment @a id, which another one ends, is a to-do of the same commit
 * or pull request; 0 is none. In a transaction. */
rc_err_t *rc_comment_check_resolved(const rc_actor_t *actor, apr_int64_t id,
                                    const rc_comment_place_t *place);

#endif
