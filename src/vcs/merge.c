// SPDX-License-Identifier: Apache-2.0
/*
 * Calls the functions of vcs/merge.h of a repository's type.
 */
#include "vcs/merge.h"

#include <string.h>

#include "backend.h"
#include "vcs/vcs.h"

static rc_err_t *need_merging(const rc_merging_t **merging, const char *type, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    *merging = backend->merging;
    return *merging ? NULL : rc_err_failed(pool, "repositories of type %s are not merged", type);
}

rc_err_t *rc_vcs_offered(rc_offered_t *offered, const char *type, const rc_offer_t *offer,
                         apr_pool_t *pool)
{
    const rc_merging_t *merging;

    RC_TRY(need_merging(&merging, type, pool));
    return merging->offered(offered, offer, pool);
}

static rc_err_t *shows(bool *has, const char *type, const char *path, const char *id,
                       apr_pool_t *pool)
{
    rc_vcs_t *vcs;
    rc_rev_t rev;

    RC_TRY(rc_vcs_open(&vcs, NULL, type, path, NULL, pool));
    RC_TRY(rc_vcs_resolve(&rev, vcs, id, pool));
    *has = rev.id && !strcmp(rev.id, id);
    return NULL;
}

rc_err_t *rc_vcs_has_commit(bool *has, const char *type, const char *path, const char *id,
                            apr_pool_t *pool)
{
    const rc_merging_t *merging;

    RC_TRY(need_merging(&merging, type, pool));
    return merging->has ? merging->has(has, path, id, pool) : shows(has, type, path, id, pool);
}

rc_err_t *rc_vcs_keep(const char *type, const rc_offer_t *offer, int lock, apr_pool_t *pool)
{
    const rc_merging_t *merging;

    RC_TRY(need_merging(&merging, type, pool));
    return merging->keep(offer, lock, pool);
}

rc_err_t *rc_vcs_is_kept(bool *kept, const char *type, const char *path, const char *id,
                         apr_pool_t *pool)
{
    const rc_merging_t *merging;

    RC_TRY(need_merging(&merging, type, pool));
    return merging->is_kept(kept, path, id, pool);
}

rc_err_t *rc_vcs_kept_before(apr_array_header_t **ids, const char *type, const char *path,
                             apr_time_t before, const char *work_dir, apr_pool_t *pool)
{
    const rc_merging_t *merging;

    *ids = apr_array_make(pool, 4, sizeof(const char *));
    RC_TRY(need_merging(&merging, type, pool));
    return merging->kept_before(*ids, path, before, work_dir, pool);
}

rc_err_t *rc_vcs_unkeep(const char *type, const char *path, const char *id, int lock,
                        apr_pool_t *pool)
{
    const rc_merging_t *merging;

    RC_TRY(need_merging(&merging, type, pool));
    return merging->unkeep(path, id, lock, pool);
}

rc_err_t *rc_vcs_keepers(const char **ids, const char *type, const char *path, const char *id,
                         const char *work_dir, apr_pool_t *pool)
{
    const rc_merging_t *merging;

    *ids = "";
    RC_TRY(need_merging(&merging, type, pool));
    return merging->keepers ? merging->keepers(ids, path, id, work_dir, pool) : NULL;
}

rc_err_t *rc_vcs_try_merge(rc_merge_reason_t *reason, const char *type, const rc_merge_t *merge,
                           apr_pool_t *pool)
{
    const rc_merging_t *merging;

    RC_TRY(need_merging(&merging, type, pool));
    return merging->try_merge(reason, merge, pool);
}

rc_err_t *rc_vcs_merge(rc_merge_reason_t *reason, const char **id, const char *type,
                       const rc_merge_t *merge, apr_pool_t *pool)
{
    const rc_merging_t *merging;

    *id = NULL;
    RC_TRY(need_merging(&merging, type, pool));
    return merging->merge(reason, id, merge, pool);
}

rc_err_t *rc_vcs_kept_diff(rc_spool_t *spool, const char *type, const rc_merge_t *merge,
                           apr_off_t most, apr_pool_t *pool)
{
    const rc_merging_t *merging;

    RC_TRY(need_merging(&merging, type, pool));
    return merging->diff(spool, merge, most, pool);
}
