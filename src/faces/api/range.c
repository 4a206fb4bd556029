// SPDX-License-Identifier: Apache-2.0
/*
 * Selects commits by the arguments of a call: between two of them, of a time, of a branch, the
 * newest ones.
 */
#include "range.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"

#define REACHED_MOST 200000 /* commits of a branch that are looked at */

/* Finds the commit that an argument names by a text or an index; *@a index is unchanged without. */
static rc_err_t *read_end(apr_int64_t *index, const rc_range_t *range, rc_param_id_t arg)
{
    rc_call_t *call = range->call;
    rc_rev_t rev;

    if (!rc_arg_given(call, arg))
        return NULL;
    RC_TRY(rc_vcs_resolve(&rev, range->vcs, rc_arg_text(call, arg), call->pool));
    if (!rev.id)
        return rc_arg_fault(call, rc_err(call->pool, RC_E_ARG, "Changeset %s does not exist",
                                         rc_arg_sent(call, arg)));
    *index = rev.index;
    return NULL;
}

static rc_err_t *read_moment(apr_int64_t *seconds, rc_call_t *call, rc_param_id_t arg)
{
    const char *text = rc_arg_given_text(call, arg);

    if (!text || !*text || rc_time_read_utc(seconds, text))
        return NULL;
    return rc_arg_fault(call,
                        rc_err(call->pool, RC_E_ARG, "%s must have the form YYYY-MM-DDTHH:MM:SS",
                               rc_param_name(arg)));
}

static rc_err_t *read_bounds(rc_range_t *range)
{
    rc_call_t *call = range->call;

    RC_TRY(read_end(&range->first, range, RC_P_START));
    RC_TRY(read_end(&range->last, range, RC_P_END));
    if (range->first > range->last && rc_arg_given(call, RC_P_START) &&
        rc_arg_given(call, RC_P_END))
        return rc_arg_fault(
            call,
            rc_err(call->pool, RC_E_ARG, "%s",
                   rc_call_text(call,
                                "Start revision '{start}' cannot be after end revision '{end}'")));
    RC_TRY(read_moment(&range->since, call, RC_P_START_DATE));
    RC_TRY(read_moment(&range->until, call, RC_P_END_DATE));
    if (rc_arg_given(call, RC_P_MAX_REVISIONS) &&
        (!rc_text_int(&range->most, rc_arg_text(call, RC_P_MAX_REVISIONS)) || range->most < 0))
        return rc_arg_fault(
            call, rc_err(call->pool, RC_E_ARG, "max_revisions must be a number of revisions"));
    return NULL;
}

/* Marks the commits that the head of a branch reaches. */
static rc_err_t *mark_reached(rc_range_t *range, const char *head, apr_int64_t count)
{
    apr_pool_t *pool = range->call->pool;
    apr_array_header_t *heads = apr_array_make(pool, 1, sizeof(const char *)), *ids;
    apr_array_header_t *none = apr_array_make(pool, 1, sizeof(const char *));
    int i;

    APR_ARRAY_PUSH(heads, const char *) = head;
    RC_TRY(rc_vcs_new_commits(&ids, range->vcs, heads, none, REACHED_MOST, pool));
    range->reached = apr_pcalloc(pool, (apr_size_t)count / 8 + 1);
    for (i = 0; i < ids->nelts; i++) {
        rc_rev_t rev;

        apr_pool_clear(range->scratch);
        RC_TRY(
            rc_vcs_resolve(&rev, range->vcs, APR_ARRAY_IDX(ids, i, const char *), range->scratch));
        if (rev.id)
            range->reached[rev.index / 8] |= (unsigned char)(1 << rev.index % 8);
    }
    return NULL;
}

typedef struct branch_t {
    const char *name, *id; /* id: of its head; NULL: not found */
    apr_pool_t *pool;
} branch_t;

static rc_err_t *match_branch(void *baton, const char *name, const char *id)
{
    branch_t *branch = baton;

    if (!strcmp(branch->name, name))
        branch->id = apr_pstrdup(branch->pool, id);
    return NULL;
}

static rc_err_t *read_branch(rc_range_t *range, apr_int64_t count)
{
    const char *name = rc_arg_given_text(range->call, RC_P_BRANCH_NAME);
    const rc_capabilities_t *can = rc_vcs_can(range->vcs);
    branch_t branch = {name, NULL, range->call->pool};

    if (!name || !*name)
        return NULL;
    RC_TRY(rc_vcs_refs(range->vcs, RC_BRANCHES, match_branch, &branch));
    if (!branch.id)
        RC_TRY(rc_vcs_refs(range->vcs, RC_CLOSED_BRANCHES, match_branch, &branch));
    if (!branch.id)
        return rc_arg_fault(range->call,
                            rc_err(range->call->pool, RC_E_ARG, "Branch '%s' not found", name));
    if (can->named_branches)
        range->branch = name;
    else if (!can->paths_as_refs)
        RC_TRY(mark_reached(range, branch.id, count));
    return NULL;
}

/* Sets listed->rev.id to NULL when the commit at @a index is not wanted. */
static rc_err_t *select_commit(rc_listed_t *listed, const rc_range_t *range, apr_int64_t index)
{
    rc_rev_t *rev = &listed->rev;
    rc_position_t place;

    *listed = (rc_listed_t){.rev.index = index};
    if (range->reached && !(range->reached[index / 8] & 1 << index % 8))
        return NULL;
    RC_TRY(rc_vcs_position(&place, range->vcs, index, range->scratch));
    if (!place.id || place.time < range->since || place.time > range->until)
        return NULL;
    RC_TRY(rc_vcs_rev_at(rev, range->vcs, index, range->scratch));
    if (!rev->id) /* hidden */
        return NULL;
    listed->damage = rc_vcs_commit(&listed->commit, range->vcs, rev, range->scratch);
    if (listed->damage && listed->damage->kind != RC_E_INTERNAL)
        return listed->damage;
    if (listed->commit && range->branch &&
        (!listed->commit->branch || strcmp(listed->commit->branch, range->branch)))
        rev->id = NULL;
    return NULL;
}

rc_err_t *rc_range_read(rc_range_t *range, rc_call_t *call, rc_vcs_t *vcs, apr_int64_t count)
{
    *range = (rc_range_t){.call = call, .vcs = vcs, .last = count - 1, .until = APR_INT64_MAX};
    apr_pool_create(&range->scratch, call->pool);
    RC_TRY(read_bounds(range));
    return read_branch(range, count);
}

/* Moves the beginning of the range up to the last commit of those wanted. */
static rc_err_t *keep_newest(rc_range_t *range)
{
    apr_int64_t at, left = range->most;

    for (at = range->last; at >= range->first && left; at--) {
        rc_listed_t listed;

        apr_pool_clear(range->scratch);
        RC_TRY(select_commit(&listed, range, at));
        left -= listed.rev.id != NULL;
    }
    range->first = at + 1;
    return NULL;
}

rc_err_t *rc_range_each(rc_range_t *range, bool down, rc_range_fn_t *fn, void *baton)
{
    apr_int64_t left;

    if (range->most)
        RC_TRY(keep_newest(range));
    for (left = range->last - range->first + 1; left > 0; left--) {
        rc_listed_t listed;

        apr_pool_clear(range->scratch);
        RC_TRY(
            select_commit(&listed, range, down ? range->first + left - 1 : range->last - left + 1));
        if (listed.rev.id)
            RC_TRY(fn(baton, &listed, range->scratch));
    }
    return NULL;
}
