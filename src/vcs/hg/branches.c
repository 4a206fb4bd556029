// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the named branches and their tips. A branch is closed when the changeset at each of its
 * heads closes it. The tip is the last head that is open or, of a closed branch, the last one.
 * Obsolete changesets are no heads.
 */
#include "hg.h"

#include <string.h>

#include <apr_strings.h>

/* All changesets of a branch that no child on the branch has, the oldest first. */
typedef struct hg_branch_t {
    const char *name;
    int last;                       /* changeset */
    apr_array_header_t *candidates; /* of int */
    apr_uint64_t bit;               /* see find_uncertain; else 0 */
} hg_branch_t;

typedef struct branching_t {
    rc_hg_snapshot_t *snapshot;
    rc_vcs_t *vcs;
    apr_hash_t *by_name;      /* hg_branch_t * */
    hg_branch_t **of;         /* the branch of each changeset; NULL: hidden */
    unsigned char *closes;    /* of each changeset */
    unsigned char *has_child; /* on its branch */
    apr_pool_t *pool;
} branching_t;

static hg_branch_t *branch_named(branching_t *all, const char *name)
{
    hg_branch_t *branch = apr_hash_get(all->by_name, name, APR_HASH_KEY_STRING);

    if (!branch) {
        branch = apr_pcalloc(all->pool, sizeof(*branch));
        branch->name = apr_pstrdup(all->pool, name);
        branch->candidates = apr_array_make(all->pool, 1, sizeof(int));
        apr_hash_set(all->by_name, branch->name, APR_HASH_KEY_STRING, branch);
    }
    return branch;
}

static rc_err_t *read_branch(branching_t *all, int rev, apr_pool_t *scratch)
{
    rc_hg_named_t named;
    rc_hg_row_t row;
    int i;

    RC_TRY(rc_hg_branch_of(&named, all->vcs, rev, scratch));
    all->of[rev] = branch_named(all, named.name);
    all->closes[rev] = named.closes;
    if (all->snapshot->obsolete[rev])
        return NULL;
    all->of[rev]->last = rev;
    rc_hg_row(&row, all->snapshot->log, rev);
    for (i = 0; i < 2; i++)
        if (row.parent[i] >= 0 && all->of[row.parent[i]] == all->of[rev])
            all->has_child[row.parent[i]] = 1;
    return NULL;
}

static bool is_candidate(const branching_t *all, int rev)
{
    return all->of[rev] && !all->has_child[rev] && !all->snapshot->obsolete[rev];
}

static rc_err_t *read_branches(branching_t *all)
{
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    int rev;

    apr_pool_create(&scratch, all->pool);
    for (rev = 0; !err && rev <= all->snapshot->tip; rev++) {
        apr_pool_clear(scratch);
        if (!all->snapshot->hidden[rev])
            err = read_branch(all, rev, scratch);
    }
    apr_pool_destroy(scratch);
    for (rev = 0; !err && rev <= all->snapshot->tip; rev++)
        if (is_candidate(all, rev))
            APR_ARRAY_PUSH(all->of[rev]->candidates, int) = rev;
    return err;
}

/* --- tips --- */

/* The last open candidate that is a head: a candidate that others reach is none, though its
 * children are on other branches. @a reached NULL: as if none were. -1: the branch is closed. */
static int open_head(const branching_t *all, const hg_branch_t *branch, const apr_uint64_t *reached)
{
    int i, rev;

    for (i = branch->candidates->nelts - 1; i >= 0; i--) {
        rev = APR_ARRAY_IDX(branch->candidates, i, int);
        if (!all->closes[rev] && !(reached && reached[rev] & branch->bit))
            return rev;
    }
    return -1;
}

/* Marks each changeset with the bits of the branches whose candidates reach it. */
static rc_err_t *mark_reached(apr_uint64_t *reached, const branching_t *all)
{
    apr_uint64_t bits;
    rc_hg_row_t row;
    int rev, i;

    memset(reached, 0, (apr_size_t)all->snapshot->log->count * sizeof(*reached));
    for (rev = all->snapshot->tip; rev > 0; rev--) {
        bits = reached[rev] | (is_candidate(all, rev) ? all->of[rev]->bit : 0);
        if (!bits)
            continue;
        rc_hg_row(&row, all->snapshot->log, rev);
        for (i = 0; i < 2; i++)
            if (row.parent[i] >= 0)
                reached[row.parent[i]] |= bits;
    }
    return rc_work_spend(all->vcs->work, 0, all->vcs->pool);
}

static void add_tip(apr_array_header_t *refs, const hg_branch_t *branch, int head)
{
    rc_hg_ref_t ref = {.name = apr_pstrdup(refs->pool, branch->name)};

    ref.closed = head < 0;
    ref.rev = ref.closed ? branch->last : head;
    APR_ARRAY_PUSH(refs, rc_hg_ref_t) = ref;
}

/* Finds the tips of branches whose last changeset closes them, and an earlier one may be open: of
 * 64 at a time, because there may be thousands. */
static rc_err_t *find_uncertain(apr_array_header_t *refs, const branching_t *all,
                                hg_branch_t *const *branches, int count)
{
    apr_size_t size = ((apr_size_t)all->snapshot->log->count + 1) * sizeof(apr_uint64_t);
    apr_uint64_t *reached = count ? apr_palloc(all->pool, size) : NULL;
    int first, i;

    for (first = 0; first < count; first += 64) {
        int end = first + 64 < count ? first + 64 : count;

        for (i = first; i < end; i++)
            branches[i]->bit = (apr_uint64_t)1 << (i - first);
        RC_TRY(mark_reached(reached, all));
        for (i = first; i < end; i++) {
            add_tip(refs, branches[i], open_head(all, branches[i], reached));
            branches[i]->bit = 0;
        }
    }
    return NULL;
}

static rc_err_t *find_tips(apr_array_header_t *refs, const branching_t *all)
{
    apr_array_header_t *uncertain = apr_array_make(all->pool, 8, sizeof(hg_branch_t *));
    apr_hash_index_t *at;

    for (at = apr_hash_first(all->pool, all->by_name); at; at = apr_hash_next(at)) {
        hg_branch_t *branch = apr_hash_this_val(at);
        int head = open_head(all, branch, NULL);

        if (!branch->candidates->nelts) /* all of it is obsolete */
            continue;
        if (head >= 0 && head != branch->last)
            APR_ARRAY_PUSH(uncertain, hg_branch_t *) = branch;
        else
            add_tip(refs, branch, head);
    }
    RC_TRY(find_uncertain(refs, all, (hg_branch_t *const *)uncertain->elts, uncertain->nelts));
    rc_hg_sort_refs(refs);
    return NULL;
}

static rc_err_t *find_all(apr_array_header_t *refs, branching_t *all)
{
    apr_size_t count = (apr_size_t)all->snapshot->log->count + 1;

    all->by_name = apr_hash_make(all->pool);
    all->of = apr_pcalloc(all->pool, count * sizeof(*all->of));
    all->closes = apr_pcalloc(all->pool, count);
    all->has_child = apr_pcalloc(all->pool, count);
    RC_TRY(read_branches(all));
    return find_tips(refs, all);
}

rc_err_t *rc_hg_find_branches(rc_hg_snapshot_t *snapshot, rc_vcs_t *vcs)
{
    branching_t all = {.snapshot = snapshot, .vcs = vcs};
    apr_array_header_t *refs = apr_array_make(snapshot->pool, 8, sizeof(rc_hg_ref_t));
    rc_err_t *err;

    if (snapshot->branches)
        return NULL;
    apr_pool_create(&all.pool, snapshot->pool);
    err = find_all(refs, &all);
    apr_pool_destroy(all.pool);
    if (!err)
        snapshot->branches = refs;
    return err;
}
