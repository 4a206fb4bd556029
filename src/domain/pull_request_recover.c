// SPDX-License-Identifier: Apache-2.0
/*
 * Ends, at the start of a server, the merges that killed processes began (contract 09 §4).
 */
#include "pull_request.h"

#include "base/log.h"
#include "domain/identify.h"

rc_err_t *rc_pull_check_settled(const rc_actor_t *actor, const rc_pull_request_t *pull)
{
    return pull->merge_rev && !pull->closed ? rc_pull_busy(actor, pull->target.repo) : NULL;
}

static rc_err_t *settle_id(rc_actor_t *actor, apr_int64_t id)
{
    rc_pull_request_t *pull;
    bool closed;

    RC_TRY(
        rc_store_pull_request(&pull, actor->db, rc_caller_viewer(actor->caller), id, actor->pool));
    return pull ? rc_pull_settle(&closed, actor, pull) : NULL;
}

/* One whose repository is damaged does not keep the others from being recovered. */
static void recover_one(rc_actor_t *actor, apr_int64_t id)
{
    rc_err_t *err = settle_id(actor, id);

    if (err)
        rc_log(RC_LOG_ERR, err->cause,
               "the merge of pull request %" APR_INT64_T_FMT " is not recovered: %s", id,
               rc_err_log_text(err, actor->pool));
}

/* As the first super-admin, who sees all repositories. */
static rc_err_t *recover_all(rc_actor_t *actor)
{
    const rc_credentials_t local = {.local = true};
    apr_array_header_t *ids;
    rc_identity_t who;
    int i;

    RC_TRY(rc_actor_open(actor));
    RC_TRY(rc_store_pulls_merging(&ids, actor->db, actor->pool));
    if (!ids->nelts)
        return NULL;
    RC_TRY(rc_identify(&who, actor->db, &local, actor->pool));
    if (!who.caller)
        return NULL;
    actor->caller = who.caller;
    for (i = 0; i < ids->nelts; i++)
        recover_one(actor, APR_ARRAY_IDX(ids, i, apr_int64_t));
    return NULL;
}

void rc_pull_recover(rc_env_t *env, apr_pool_t *pool)
{
    rc_actor_t actor;
    apr_pool_t *own;
    rc_err_t *err;

    apr_pool_create(&own, pool);
    rc_actor_local(&actor, env, own);
    if ((err = recover_all(&actor)))
        rc_log(RC_LOG_ERR, err->cause, "merges are not recovered: %s", rc_err_log_text(err, own));
    apr_pool_destroy(own);
}
