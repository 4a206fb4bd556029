// SPDX-License-Identifier: Apache-2.0
/*
 * Checks the type of a comment, and the to-do that it ends (contract 02 §10, 09 §5).
 */
#include "comment.h"

#include <string.h>

rc_err_t *rc_comment_check_type(const char *type, apr_pool_t *pool)
{
    if (!type || !strcmp(type, RC_COMMENT_NOTE) || !strcmp(type, RC_COMMENT_TODO))
        return NULL;
    return rc_err(pool, RC_E_ARG, "comment_type must be note or todo");
}

rc_err_t *rc_comment_check_resolved(const rc_actor_t *actor, apr_int64_t id,
                                    const rc_comment_place_t *place)
{
    const char *type;

    if (!id)
        return NULL;
    RC_TRY(rc_store_comment_type(&type, actor->db, id, place, actor->pool));
    if (!type)
        return rc_err(actor->pool, RC_E_ARG,
                      "Invalid resolves_comment_id `%" APR_INT64_T_FMT "` for this %s.", id,
                      place->pull_request_id ? "pull request" : "commit");
    if (strcmp(type, RC_COMMENT_TODO))
        return rc_err(
            actor->pool, RC_E_ARG,
            "Comment `%" APR_INT64_T_FMT "` is wrong type for setting status to resolved.", id);
    return NULL;
}
