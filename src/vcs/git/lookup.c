// SPDX-License-Identifier: Apache-2.0
/*
 * Answers queries about references and order for the table of back ends: state, count, ids and
 * positions.
 */
#include "table.h"

#include "base/hex.h"

rc_err_t *rc_git_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;

    RC_TRY(rc_git_look(git, false, vcs->pool));
    *state = rc_hex_text(git->refs->state, RC_GIT_RAW, pool);
    return NULL;
}

rc_err_t *rc_git_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton)
{
    rc_git_t *git = vcs->repo;
    const apr_array_header_t *list;
    char hex[GIT_OID_HEXSZ + 1];
    int i;

    if (which != RC_BRANCHES && which != RC_TAGS)
        return NULL;
    RC_TRY(rc_git_look(git, false, vcs->pool));
    list = which == RC_BRANCHES ? git->refs->branches : git->refs->tags;
    for (i = 0; i < list->nelts; i++) {
        const rc_git_ref_t *ref = APR_ARRAY_IDX(list, i, const rc_git_ref_t *);

        RC_TRY(rc_work_spend(git->work, 0, vcs->pool));
        git_oid_tostr(hex, sizeof(hex), &ref->commit);
        RC_TRY(fn(baton, ref->name, hex));
    }
    return NULL;
}

rc_err_t *rc_git_count(apr_int64_t *count, rc_vcs_t *vcs)
{
    rc_git_t *git = vcs->repo;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    *count = git->order->count;
    return NULL;
}

rc_err_t *rc_git_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    *id = NULL;
    if (index >= 0 && index < (apr_int64_t)git->order->count)
        *id = rc_hex_text(git->order->ids + (size_t)index * RC_GIT_RAW, RC_GIT_RAW, pool);
    return NULL;
}

rc_err_t *rc_git_position(rc_position_t *place, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    rc_git_t *git = vcs->repo;
    const rc_git_order_t *order;

    RC_TRY(rc_git_id_at(&place->id, vcs, index, pool));
    if (!place->id)
        return NULL;
    order = git->order;
    place->time = (apr_int64_t)order->time[index];
    place->parents = (int)(order->parents_at[index + 1] - order->parents_at[index]);
    return NULL;
}

rc_err_t *rc_git_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id)
{
    rc_git_t *git = vcs->repo;
    git_oid oid;

    RC_TRY(rc_git_refresh(git, false, vcs->pool));
    *index = rc_git_hex(&oid, id) ? rc_git_order_find(git->order, oid.id) : -1;
    return NULL;
}
