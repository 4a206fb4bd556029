// SPDX-License-Identifier: Apache-2.0
/*
 * What the use cases of pull requests share.
 */
#ifndef RC_DOMAIN_PULL_REQUEST_PRIVATE_H
#define RC_DOMAIN_PULL_REQUEST_PRIVATE_H

#include "domain/pull_request.h"
#include "domain/repo.h"
#include "transfer_compare.h"
#include "vcs/merge.h"

/** Sets *@a id to the commit that a reference of an open repository leads to: @a type is branch,
 * bookmark or book. NULL when there is no such type or reference. In @a pool. */
rc_err_t *rc_pull_ref(const char **id, rc_vcs_t *vcs, const char *type, const char *name,
                      apr_pool_t *pool);

/** Finds what @a offer adds to its target, as rc_vcs_offered does; too many commits are RC_E_ARG,
 * which clients are told. */
rc_err_t *rc_pull_offered(rc_offered_t *offered, const char *type, const rc_offer_t *offer,
                          apr_pool_t *pool);

/** Returns the last word of the type: bookmark for book. */
const char *rc_pull_ref_kind(const char *type);

/* What a merge moves; empty: unknown. */
typedef struct rc_pull_push_t {
    rc_ref_change_t branch;
    rc_transfer_before_t *before; /* of a type whose pushes are found out by a comparison */
} rc_pull_push_t;

/** Notes what the open target has before @a merge, in @a pool. */
rc_err_t *rc_pull_push_begin(rc_pull_push_t *push, rc_vcs_t *vcs, const rc_merge_t *merge,
                             apr_pool_t *pool);

/** Sets *@a event to what webhooks would hear of a push that does what the merge @a id has done
 * with the open target; NULL: nothing has moved, or what is unknown. */
rc_err_t *rc_pull_push_end(const char **event, rc_pull_push_t *push, rc_vcs_t *vcs, const char *id,
                           apr_pool_t *pool);

/** Returns whether the acting user may change the pull request: its author, and who may write to
 * the target. */
bool rc_pull_may_change(const rc_pull_act_t *act, rc_level_t level);

/** Adds a comment of the acting user, with a vote unless that is NULL, in a transaction. */
rc_err_t *rc_pull_say(apr_int64_t *id, rc_actor_t *actor, const rc_pull_act_t *act,
                      const char *message, const char *vote);

/** Adds "action:ID" about the target to the journal, in a transaction. */
rc_err_t *rc_pull_journal(rc_actor_t *actor, const rc_pull_request_t *pull, const char *action);

/** Keeps the newest commit of @a pull in its target (rc_vcs_keep), with shared locks of source and
 * target, which @a locks holds until the actor's pool ends. Outside of transactions. */
rc_err_t *rc_pull_keep(rc_locks_t *locks, rc_actor_t *actor, const rc_pull_request_t *pull,
                       const char *type);

/** Ends @a locks, and keeps the commit no longer unless another pull request needs it: for when no
 * row was stored. A failure is logged; what stays is not visible. */
void rc_pull_unkeep(rc_locks_t *locks, rc_actor_t *actor, const rc_pull_request_t *pull,
                    const char *type);

/** Returns the error for a client when others change the repository @a name for too long. */
rc_err_t *rc_pull_busy(const rc_actor_t *actor, const char *name);

/** Ends a merge that has begun, if no other process is at it. *@a closed: it had happened. Outside
 * of transactions. */
rc_err_t *rc_pull_settle(bool *closed, rc_actor_t *actor, const rc_pull_request_t *pull);

/** Returns the error for a client when a merge has begun: until it ends nothing else may close the
 * pull request or change its commits. In a transaction. */
rc_err_t *rc_pull_check_settled(const rc_actor_t *actor, const rc_pull_request_t *pull);

/** Reads the target's row for @a user, in a transaction or outside. RC_E_FAILED when it has gone.
 */
rc_err_t *rc_pull_target(rc_repo_t **target, const rc_actor_t *actor,
                         const rc_pull_request_t *pull);

#endif
