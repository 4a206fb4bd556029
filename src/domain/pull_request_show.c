// SPDX-License-Identifier: Apache-2.0
/*
 * Makes the diff of what a pull request offers, for people who review it.
 */
#include "pull_request.h"

#include "domain/disk_transaction.h"

/* The commit with which the source was compared is not kept: it may have been stripped from the
 * target. Then the target's branch tells where the source begins. */
static rc_err_t *find_base(rc_offered_t *offered, rc_actor_t *actor, const rc_repo_t *target,
                           const rc_pull_request_t *pull, rc_offer_t *offer)
{
    rc_err_t *err = rc_vcs_offered(offered, target->type, offer, actor->pool);
    rc_vcs_t *vcs;

    if (!err || (err->kind != RC_E_FAILED && err->kind != RC_E_INTERNAL))
        return err;
    RC_TRY(rc_repo_open(&vcs, actor->env, target, &actor->work, actor->pool));
    RC_TRY(rc_pull_ref(&offer->target_id, vcs, pull->target.type, pull->target.name, actor->pool));
    return offer->target_id ? rc_vcs_offered(offered, target->type, offer, actor->pool) : err;
}

rc_err_t *rc_pull_diff(rc_spool_t *spool, rc_actor_t *actor, const rc_repo_t *target,
                       const rc_pull_request_t *pull, apr_off_t most)
{
    const char *path = rc_env_repo_path(actor->env, target->name, actor->pool);
    rc_offer_t offer = {.source_path = path,
                        .target_path = path,
                        .source_id = pull->source.id,
                        .target_id = pull->target.id,
                        .work = &actor->work};
    rc_merge_t merge = {.path = path, .source = pull->source.id, .work = &actor->work};
    rc_offered_t offered;

    RC_TRY(rc_work_costly(&actor->work, actor->pool));
    RC_TRY(rc_work_dir(&offer.work_dir, actor->env, actor->pool));
    RC_TRY(find_base(&offered, actor, target, pull, &offer));
    if (!offered.base)
        return rc_err_failed(actor->pool, "source and target have no common ancestor");
    merge.target = offered.base;
    merge.work_dir = offer.work_dir;
    return rc_vcs_kept_diff(spool, target->type, &merge, most, actor->pool);
}
