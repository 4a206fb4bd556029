// SPDX-License-Identifier: Apache-2.0
/*
 * Compares a commit with one of its parents, and prints one of the changes.
 */
#include "print.h"

#include <string.h>

#include "../table.h"
#include "base/hex.h"

static rc_err_t *compare(apr_array_header_t **changes, rc_vcs_t *vcs, const char *id,
                         const char *parent, bool renames, apr_pool_t *pool)
{
    git_oid after, before;

    RC_TRY(rc_git_root(&after, vcs->repo, id, vcs->pool));
    if (parent)
        RC_TRY(rc_git_root(&before, vcs->repo, parent, vcs->pool));
    RC_TRY(
        rc_git_tree_changes(changes, vcs->repo, parent ? &before : NULL, &after, vcs->pool, pool));
    return renames ? rc_git_find_renames(*changes, vcs->repo, vcs->pool, pool) : NULL;
}

static void set_side(rc_entry_t *entry, const rc_git_entry_t *side, apr_pool_t *pool)
{
    memset(entry, 0, sizeof(*entry));
    entry->kind = rc_git_kind(side->mode);
    entry->path = side->path;
    if (entry->kind != RC_ENTRY_NONE)
        entry->id = rc_hex_text(side->id.id, RC_GIT_RAW, pool);
}

rc_err_t *rc_git_changes(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                         const char *parent, bool renames, apr_pool_t *pool)
{
    apr_array_header_t *changes;
    int i;

    RC_TRY(compare(&changes, vcs, id, parent, renames, pool));
    *pairs = apr_array_make(pool, changes->nelts, sizeof(rc_pair_t));
    for (i = 0; i < changes->nelts; i++) {
        const rc_git_change_t *change = &APR_ARRAY_IDX(changes, i, rc_git_change_t);
        rc_pair_t *pair;

        if (change->moved)
            continue;
        pair = apr_array_push(*pairs);
        set_side(&pair->before, &change->before, pool);
        set_side(&pair->after, &change->after, pool);
        pair->detail = change;
    }
    return NULL;
}

rc_err_t *rc_git_print(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                       const rc_pair_t *pair, const rc_diff_options_t *options, apr_pool_t *scratch)
{
    rc_git_change_t change = *(const rc_git_change_t *)pair->detail;
    rc_git_tally_t tally = {.binary = false};
    rc_git_printer_t printer = {.spool = spool,
                                .git = vcs->repo,
                                .options = options,
                                .err_pool = vcs->pool,
                                .scratch = scratch};
    apr_off_t start = rc_spool_size(spool);

    if (pair->before.kind == RC_ENTRY_NONE)
        memset(&change.before, 0, sizeof(change.before));
    if (pair->after.kind == RC_ENTRY_NONE)
        memset(&change.after, 0, sizeof(change.after));
    if (!git_oid_equal(&change.before.id,
                       &change.after.id)) /* equal ids: the content is not read */
        printer.tally = &tally;
    *printed = (rc_printed_t){.skip = strlen(RC_GIT_DIFF)};
    RC_TRY(rc_git_print_change(&printer, &change));
    if (!tally.hunks)
        return NULL;
    printed->hunks = true;
    printed->skip = tally.hunks - start;
    printed->added = (apr_int64_t)tally.added;
    printed->deleted = (apr_int64_t)tally.deleted;
    return NULL;
}
