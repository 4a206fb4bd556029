// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the files that a changeset changes, for the API and for feeds, and prints one of them.
 */
#include "change.h"

#define COUNTED_MOST ((apr_size_t)256 << 10) /* bytes; lines of larger files are not counted */

/* The API shows no ids of contents (contract 08 §1): they stay in the detail. */
static void set_hg_side(rc_entry_t *entry, const rc_hg_file_t *file)
{
    *entry = (rc_entry_t){.kind = file->kind, .path = file->path};
}

/* Always against the first parent. */
rc_err_t *rc_hg_changes(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                        const char *parent, bool renames, apr_pool_t *pool)
{
    apr_array_header_t *changes;
    int i, rev, before;

    (void)parent;
    *pairs = apr_array_make(pool, 16, sizeof(rc_pair_t));
    RC_TRY(rc_hg_rev_of(&rev, vcs, id));
    RC_TRY(rc_hg_changeset_changes(&changes, &before, vcs, rev, pool));
    if (renames)
        RC_TRY(rc_hg_find_copies(changes, vcs, before, pool));
    for (i = 0; i < changes->nelts; i++) {
        const rc_hg_change_t *change = &APR_ARRAY_IDX(changes, i, rc_hg_change_t);
        rc_pair_t *pair = apr_array_push(*pairs);

        set_hg_side(&pair->before, &change->before);
        set_hg_side(&pair->after, &change->after);
        pair->detail = change;
    }
    return NULL;
}

static rc_hg_style_t style_of(const rc_diff_options_t *options)
{
    return (rc_hg_style_t){options->context, options->ignore_space, true};
}

/* The API shows hunks or, without any, what follows "diff --git". */
rc_err_t *rc_hg_print(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                      const rc_pair_t *pair, const rc_diff_options_t *options, apr_pool_t *scratch)
{
    rc_hg_change_t change = *(const rc_hg_change_t *)pair->detail;
    rc_hg_printer_t printer = {
        .spool = spool, .vcs = vcs, .style = style_of(options), .scratch = scratch};
    apr_off_t start = rc_spool_size(spool);

    change.before.kind = pair->before.kind;
    change.after.kind = pair->after.kind;
    RC_TRY(rc_hg_print_change(&printer, &change));
    *printed = (rc_printed_t){.hunks = printer.tally.hunks,
                              .added = printer.tally.added,
                              .deleted = printer.tally.deleted};
    printed->skip = (printer.tally.hunks ? printer.hunks_at : printer.words_at) - start;
    return NULL;
}

/* --- numbers of lines --- */

static bool take_room(rc_hg_text_t *text, rc_stat_limits_t *limits)
{
    bool small = text->len <= COUNTED_MOST && text->len <= limits->bytes;

    limits->bytes -= small ? text->len : 0;
    return small;
}

static rc_err_t *has_room(bool *room, rc_vcs_t *vcs, const rc_hg_file_t *file,
                          rc_stat_limits_t *limits)
{
    rc_hg_text_t text;

    if (file->kind == RC_ENTRY_NONE || !*room)
        return NULL;
    RC_TRY(rc_hg_read_file(&text, vcs, file));
    *room = take_room(&text, limits);
    return NULL;
}

static rc_err_t *pass_lines(rc_vcs_t *vcs, const rc_hg_change_t *change, rc_stat_limits_t *limits,
                            rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    rc_hg_printer_t printer = {.vcs = vcs, .scratch = scratch, .count_only = true};
    rc_change_t counted = {.path = change->after.path,
                           .op = change->before.kind == RC_ENTRY_NONE  ? 'A'
                                 : change->after.kind == RC_ENTRY_NONE ? 'D'
                                                                       : 'M'};
    bool room = limits->bytes > 0;

    RC_TRY(has_room(&room, vcs, &change->before, limits));
    RC_TRY(has_room(&room, vcs, &change->after, limits));
    if (room)
        RC_TRY(rc_hg_print_change(&printer, change));
    counted.hunks = printer.tally.hunks;
    counted.added = printer.tally.added;
    counted.deleted = printer.tally.deleted;
    return fn(baton, &counted);
}

rc_err_t *rc_hg_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                     rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    rc_hg_snapshot_t *snapshot;
    apr_array_header_t *changes;
    apr_pool_t *pool;
    rc_hg_row_t row;
    int rev, i;

    RC_TRY(rc_hg_snapshot(&snapshot, vcs));
    RC_TRY(rc_hg_rev_of(&rev, vcs, id));
    rc_hg_row(&row, snapshot->log, rev);
    RC_TRY(rc_hg_compare_trees(&changes, &limits->entries, vcs, row.parent[0], rev, scratch));
    *more = limits->entries == 0;
    apr_pool_create(&pool, scratch);
    for (i = 0; i < changes->nelts; i++) {
        apr_pool_clear(pool);
        RC_TRY(
            pass_lines(vcs, &APR_ARRAY_IDX(changes, i, rc_hg_change_t), limits, fn, baton, pool));
    }
    apr_pool_destroy(pool);
    return NULL;
}
