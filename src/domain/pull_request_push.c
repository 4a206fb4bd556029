// SPDX-License-Identifier: Apache-2.0
/*
 * Describes a merge by the server as the push that it would have been: whoever builds what is
 * pushed builds it, too. RhodeCode pushes a merge to its target.
 */
#include "pull_request.h"

#include <string.h>

#include "transfer_words.h"
#include "vcs/git_wire.h"

rc_err_t *rc_pull_push_begin(rc_pull_push_t *push, rc_vcs_t *vcs, const rc_merge_t *merge,
                             apr_pool_t *pool)
{
    *push = (rc_pull_push_t){NULL};
    if (rc_vcs_can(vcs)->named_branches)
        return rc_transfer_note(&push->before, vcs, pool);
    push->branch.ref = rc_wire_branch_ref(merge->name, pool);
    push->branch.old_id = merge->target;
    return NULL;
}

rc_err_t *rc_pull_push_end(const char **event, rc_pull_push_t *push, rc_vcs_t *vcs, const char *id,
                           apr_pool_t *pool)
{
    apr_array_header_t *changes = apr_array_make(pool, 1, sizeof(rc_ref_change_t));
    rc_push_words_t words = {NULL, NULL};

    push->branch.new_id = id;
    APR_ARRAY_PUSH(changes, rc_ref_change_t) = push->branch;
    if (push->before)
        RC_TRY(rc_transfer_compare(&words, push->before, vcs, pool));
    else if (push->branch.ref && strcmp(push->branch.old_id, id))
        RC_TRY(rc_transfer_words(&words, vcs, changes, pool));
    *event = words.event;
    return NULL;
}
