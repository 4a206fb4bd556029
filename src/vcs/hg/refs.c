// SPDX-License-Identifier: Apache-2.0
/*
 * Lists bookmarks, branches and tags, and finds one by its name. Of a name that several have, the
 * bookmark counts, then the branch, then the tag (contract 08 §8).
 */
#include "hg.h"

#include <string.h>

#include "base/hex.h"

static rc_err_t *load_refs(apr_array_header_t **refs, rc_vcs_t *vcs, rc_refs_t which)
{
    rc_hg_snapshot_t *snapshot;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    if (which == RC_TAGS)
        RC_TRY(rc_hg_find_tags(snapshot, vcs));
    else if (which != RC_BOOKMARKS)
        RC_TRY(rc_hg_find_branches(snapshot, vcs));
    *refs = which == RC_TAGS        ? snapshot->tags
            : which == RC_BOOKMARKS ? snapshot->bookmarks
                                    : snapshot->branches;
    return NULL;
}

static bool is_of_kind(const rc_hg_ref_t *ref, rc_refs_t which)
{
    return which == RC_BOOKMARKS || which == RC_TAGS ||
           ref->closed == (which == RC_CLOSED_BRANCHES);
}

rc_err_t *rc_hg_refs(rc_vcs_t *vcs, rc_refs_t which,
                     rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton)
{
    const rc_hg_t *hg = vcs->repo;
    apr_array_header_t *refs;
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    int i;

    RC_TRY(load_refs(&refs, vcs, which));
    apr_pool_create(&scratch, vcs->pool);
    for (i = 0; !err && i < refs->nelts; i++) {
        const rc_hg_ref_t *ref = &APR_ARRAY_IDX(refs, i, rc_hg_ref_t);

        apr_pool_clear(scratch);
        if (is_of_kind(ref, which) && rc_hg_is_shown(hg->snapshot, ref->rev))
            err = fn(baton, ref->name,
                     rc_hex_text(rc_hg_node(hg->snapshot->log, ref->rev), RC_HG_NODE, scratch));
    }
    apr_pool_destroy(scratch);
    return err;
}

static int rev_named(const rc_hg_snapshot_t *snapshot, const apr_array_header_t *refs,
                     const char *name)
{
    int low = 0, high = refs->nelts;

    while (low < high) {
        int middle = low + (high - low) / 2;
        const rc_hg_ref_t *ref = &APR_ARRAY_IDX(refs, middle, rc_hg_ref_t);
        int cmp = strcmp(ref->name, name);

        if (!cmp)
            return rc_hg_is_shown(snapshot, ref->rev) ? ref->rev : -1;
        if (cmp < 0)
            low = middle + 1;
        else
            high = middle;
    }
    return -1;
}

rc_err_t *rc_hg_resolve_name(apr_int64_t *index, rc_vcs_t *vcs, const char *name)
{
    static const rc_refs_t kinds[] = {RC_BOOKMARKS, RC_BRANCHES, RC_TAGS};
    const rc_hg_t *hg = vcs->repo;
    apr_array_header_t *refs;
    int i;

    *index = -1;
    for (i = 0; i < 3 && *index < 0; i++) {
        RC_TRY(load_refs(&refs, vcs, kinds[i]));
        *index = rev_named(hg->snapshot, refs, name);
    }
    return NULL;
}
