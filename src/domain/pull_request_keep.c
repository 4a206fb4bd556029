// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps what pull requests offer in their target, before there is a row that needs it, and removes
 * it again when there comes none; tells which pull requests keep a commit.
 */
#include "pull_request.h"

#include "base/log.h"
#include "domain/disk_transaction.h"

/* --- keeping --- */

typedef struct keeping_t {
    const rc_pull_request_t *pull;
    const char *type;
    int lock;
} keeping_t;

static rc_err_t *share_both(rc_locks_t *locks, rc_actor_t *actor, void *baton)
{
    const rc_pull_request_t *pull = ((const keeping_t *)baton)->pull;

    if (pull->source.repo_id != pull->target.repo_id)
        RC_TRY(
            rc_repo_share(locks, actor->env, actor->db, pull->source.repo_id, pull->source.repo));
    return rc_repo_share(locks, actor->env, actor->db, pull->target.repo_id, pull->target.repo);
}

static rc_err_t *keep(rc_actor_t *actor, void *baton)
{
    const keeping_t *keeping = baton;
    const rc_pull_request_t *pull = keeping->pull;
    rc_offer_t offer = {.source_path = rc_env_repo_path(actor->env, pull->source.repo, actor->pool),
                        .target_path = rc_env_repo_path(actor->env, pull->target.repo, actor->pool),
                        .source_id = pull->source.id,
                        .target_id = pull->target.id,
                        .work = &actor->work};

    RC_TRY(rc_work_dir(&offer.work_dir, actor->env, actor->pool));
    return rc_vcs_keep(keeping->type, &offer, keeping->lock, actor->pool);
}

rc_err_t *rc_pull_keep(rc_locks_t *locks, rc_actor_t *actor, const rc_pull_request_t *pull,
                       const char *type)
{
    keeping_t keeping = {.pull = pull, .type = type};
    rc_err_t *err = rc_actor_lock(locks, actor, share_both, &keeping);

    if (err)
        return locks->busy ? rc_pull_busy(actor, pull->target.repo) : err;
    keeping.lock = locks->fd;
    return rc_actor_away(actor, keep, &keeping);
}

/* --- no longer --- */

typedef struct needing_t {
    const rc_pull_request_t *pull;
    apr_array_header_t *ids; /* of the pull requests that need the commit */
} needing_t;

static rc_err_t *find_needing(rc_actor_t *actor, void *baton)
{
    needing_t *needing = baton;
    const rc_pull_request_t *pull = needing->pull;

    return rc_store_pulls_keeping(&needing->ids, actor->db, pull->target.repo_id, pull->source.id,
                                  pull->source.id, actor->pool);
}

/* Others that need the same commit have a row, or hold a lock until they have one. */
static rc_err_t *unkeep(rc_locks_t *locks, rc_actor_t *actor, const rc_pull_request_t *pull,
                        const char *type)
{
    needing_t needing = {.pull = pull};

    RC_TRY(rc_actor_open(actor));
    RC_TRY(rc_repo_lock(locks, actor->env, actor->db, pull->target.repo_id, pull->target.repo));
    RC_TRY(rc_actor_read(actor, find_needing, &needing));
    if (needing.ids->nelts)
        return NULL;
    return rc_vcs_unkeep(type, rc_env_repo_path(actor->env, pull->target.repo, actor->pool),
                         pull->source.id, locks->fd, actor->pool);
}

void rc_pull_unkeep(rc_locks_t *locks, rc_actor_t *actor, const rc_pull_request_t *pull,
                    const char *type)
{
    rc_err_t *err;

    apr_pool_destroy(locks->pool);
    *locks = (rc_locks_t){.fd = -1};
    apr_pool_create(&locks->pool, actor->pool);
    if ((err = unkeep(locks, actor, pull, type)))
        rc_log(RC_LOG_INFO, err->cause, "%s keeps commit %s for no pull request: %s",
               pull->target.repo, pull->source.id, rc_err_log_text(err, actor->pool));
}
