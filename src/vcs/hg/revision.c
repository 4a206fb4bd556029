// SPDX-License-Identifier: Apache-2.0
/*
 * Changesets by number and by id. The number is Mercurial's own; one that is hidden names nothing.
 */
#include "hg.h"

#include <string.h>

#include <apr_strings.h>

#include "base/hex.h"
#include "base/text.h"

rc_err_t *rc_hg_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool)
{
    rc_hg_snapshot_t *snapshot;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    *state = apr_pstrdup(pool, snapshot->stamp);
    return NULL;
}

rc_err_t *rc_hg_count(apr_int64_t *count, rc_vcs_t *vcs)
{
    rc_hg_snapshot_t *snapshot;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    *count = snapshot->tip + 1;
    return NULL;
}

rc_err_t *rc_hg_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id)
{
    unsigned char node[RC_HG_NODE];
    rc_hg_snapshot_t *snapshot;

    *index = -1;
    if (strlen(id) != RC_HG_HEX || !rc_hg_read_node(node, id))
        return NULL;
    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    *index = rc_hg_shown_rev(snapshot, node);
    return NULL;
}

rc_err_t *rc_hg_rev_of(int *rev, rc_vcs_t *vcs, const char *id)
{
    apr_int64_t index;

    RC_TRY(rc_hg_index_of(&index, vcs, id));
    *rev = (int)index;
    return *rev >= 0 ? NULL
                     : rc_err_internal(vcs->pool, APR_SUCCESS, "there is no changeset %s in %s", id,
                                       vcs->path);
}

static const char *id_text(const rc_hg_snapshot_t *snapshot, int rev, apr_pool_t *pool)
{
    return rc_hex_text(rc_hg_node(snapshot->log, rev), RC_HG_NODE, pool);
}

rc_err_t *rc_hg_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    rc_hg_snapshot_t *snapshot;

    *id = NULL;
    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    if (index >= 0 && index <= snapshot->tip && rc_hg_is_shown(snapshot, (int)index))
        *id = id_text(snapshot, (int)index, pool);
    return NULL;
}

/* True when the digits of @a node begin with @a prefix. */
static bool begins_with(const unsigned char *node, const char *prefix, apr_size_t len)
{
    apr_size_t i;

    for (i = 0; i < len; i++)
        if (rc_hex_digit(prefix[i]) != (i % 2 ? node[i / 2] & 15 : node[i / 2] >> 4))
            return false;
    return true;
}

/* As in hg, a hidden changeset can not make a prefix ambiguous. */
rc_err_t *rc_hg_resolve_prefix(apr_int64_t *index, rc_vcs_t *vcs, const char *prefix)
{
    apr_size_t len = strlen(prefix);
    rc_hg_snapshot_t *snapshot;
    int rev;

    *index = -1;
    if (len > RC_HG_HEX)
        return NULL;
    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    for (rev = 0; rev <= snapshot->tip; rev++) {
        if (snapshot->hidden[rev] || !begins_with(rc_hg_node(snapshot->log, rev), prefix, len))
            continue;
        if (*index >= 0) {
            *index = -1;
            return NULL;
        }
        *index = rev;
    }
    return NULL;
}

/* --- one changeset --- */

/* Returns the ids of the parents, ended by NULL. Those of a shown changeset are shown. */
static const char *const *parent_ids(const rc_hg_snapshot_t *snapshot, int rev, apr_pool_t *pool)
{
    const char **ids = apr_pcalloc(pool, 3 * sizeof(*ids));
    rc_hg_row_t row;
    int i, n = 0;

    rc_hg_row(&row, snapshot->log, rev);
    for (i = 0; i < 2; i++)
        if (row.parent[i] >= 0)
            ids[n++] = id_text(snapshot, row.parent[i], pool);
    return ids;
}

rc_err_t *rc_hg_commit(rc_commit_t **out, rc_vcs_t *vcs, const rc_rev_t *rev, apr_size_t most,
                       apr_pool_t *pool)
{
    rc_commit_t *commit = apr_pcalloc(pool, sizeof(*commit));
    rc_hg_changeset_t changeset;
    rc_hg_snapshot_t *snapshot;

    if (rev->index < 0) /* it is kept in a bundle, or nowhere */
        return rc_err_internal(pool, APR_SUCCESS, "changeset %s is not in the repository", rev->id);
    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    RC_TRY(rc_hg_read_changeset(&changeset, vcs, (int)rev->index, pool));
    commit->id = apr_pstrdup(pool, rev->id);
    commit->revision = rev->index;
    commit->message = rc_utf8_cut(changeset.message, most, pool);
    commit->author = rc_utf8_cut(changeset.user, most, pool);
    commit->time = changeset.time;
    commit->branch = changeset.branch;
    commit->parents = parent_ids(snapshot, (int)rev->index, pool);
    *out = commit;
    return NULL;
}

/* A text that cannot be read is no error here: lists and feeds mark such a changeset. */
rc_err_t *rc_hg_position(rc_position_t *position, rc_vcs_t *vcs, apr_int64_t index,
                         apr_pool_t *pool)
{
    rc_hg_changeset_t changeset;
    rc_hg_snapshot_t *snapshot;
    rc_hg_row_t row;
    rc_err_t *err;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    RC_TRY(rc_hg_id_at(&position->id, vcs, index, pool));
    if (!position->id)
        return NULL;
    rc_hg_row(&row, snapshot->log, (int)index);
    position->parents = (row.parent[0] >= 0) + (row.parent[1] >= 0);
    err = rc_hg_read_changeset(&changeset, vcs, (int)index, pool);
    if (err && err->kind != RC_E_INTERNAL)
        return err;
    position->time = err ? 0 : changeset.time;
    return NULL;
}

/* --- ranges --- */

/* Marks the ancestors of the marked revision @a rev, down to the first. */
static void mark_ancestors(unsigned char *marks, const rc_hg_snapshot_t *snapshot, int rev,
                           unsigned char mark)
{
    rc_hg_row_t row;
    int i;

    if (rev >= 0)
        marks[rev] |= mark;
    for (; rev >= 0; rev--) {
        if (!(marks[rev] & mark))
            continue;
        rc_hg_row(&row, snapshot->log, rev);
        for (i = 0; i < 2; i++)
            if (row.parent[i] >= 0)
                marks[row.parent[i]] |= mark;
    }
}

/* The changesets that @a last reaches and the first parent of @a first does not, by number: hg's
 * only(last, first^). */
rc_err_t *rc_hg_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                       apr_int64_t last, apr_pool_t *pool)
{
    enum { WANTED = 1, NOT_WANTED = 2 };
    rc_hg_snapshot_t *snapshot;
    unsigned char *marks;
    rc_hg_row_t row;
    int rev;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    marks = apr_pcalloc(pool, (apr_size_t)snapshot->log->count + 1);
    *indexes = apr_array_make(pool, 16, sizeof(apr_int64_t));
    mark_ancestors(marks, snapshot, (int)last, WANTED);
    rc_hg_row(&row, snapshot->log, (int)first);
    mark_ancestors(marks, snapshot, row.parent[0], NOT_WANTED);
    for (rev = 0; rev <= (int)last; rev++)
        if (marks[rev] == WANTED)
            APR_ARRAY_PUSH(*indexes, apr_int64_t) = rev;
    return NULL;
}
