// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the files that a revision changes, for the API and for feeds, and prints one of them.
 */
#include "change.h"

#include <string.h>

#define COUNTED_MOST ((apr_off_t)256 << 10) /* bytes; lines of larger files are not counted */

/* Contents have no ids. */
static void set_pair_side(rc_entry_t *entry, const rc_svn_file_t *file)
{
    *entry = (rc_entry_t){.kind = file->kind, .path = file->path + 1};
}

/* Tells files from links, which make two changes out of one. */
static rc_err_t *find_kinds(rc_svn_change_t *change, rc_vcs_t *vcs, apr_pool_t *scratch)
{
    rc_svn_file_t *sides[2] = {&change->before, &change->after};
    int i;

    if (change->before.kind == RC_ENTRY_NONE || change->after.kind == RC_ENTRY_NONE)
        return NULL;
    for (i = 0; i < 2; i++) {
        RC_TRY(rc_svn_look(sides[i], vcs, scratch));
        sides[i]->props = NULL;
    }
    return NULL;
}

static bool is_folder(const rc_svn_change_t *change)
{
    return change->before.kind == RC_ENTRY_DIR || change->after.kind == RC_ENTRY_DIR;
}

rc_err_t *rc_svn_changes(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                         const char *parent, bool renames, apr_pool_t *pool)
{
    apr_array_header_t *changes;
    apr_pool_t *scratch;
    int i;

    (void)parent; /* always the revision before */
    *pairs = apr_array_make(pool, 16, sizeof(rc_pair_t));
    RC_TRY(rc_svn_revision_changes(&changes, vcs, rc_svn_rev_of(id), pool));
    apr_pool_create(&scratch, pool);
    for (i = 0; i < changes->nelts; i++) {
        rc_svn_change_t *change = &APR_ARRAY_IDX(changes, i, rc_svn_change_t);
        rc_pair_t *pair;

        if (is_folder(change))
            continue;
        apr_pool_clear(scratch);
        if (renames)
            RC_TRY(find_kinds(change, vcs, scratch));
        pair = apr_array_push(*pairs);
        set_pair_side(&pair->before, &change->before);
        set_pair_side(&pair->after, &change->after);
        pair->detail = change;
    }
    apr_pool_destroy(scratch);
    return NULL;
}

/* The API shows hunks, or what follows "diff --git" of a binary file; nothing of properties. */
rc_err_t *rc_svn_print(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                       const rc_pair_t *pair, const rc_diff_options_t *options, apr_pool_t *scratch)
{
    rc_svn_change_t change = *(const rc_svn_change_t *)pair->detail;
    rc_svn_printer_t printer = {.spool = spool, .vcs = vcs, .options = options, .scratch = scratch};
    apr_off_t start = rc_spool_size(spool);

    change.replaced = false;
    if (pair->before.kind == RC_ENTRY_NONE)
        change.before.kind = RC_ENTRY_NONE;
    if (pair->after.kind == RC_ENTRY_NONE)
        change.after.kind = RC_ENTRY_NONE;
    RC_TRY(rc_svn_print_change(&printer, &change));
    RC_TRY(rc_svn_check_place(vcs));
    *printed = (rc_printed_t){
        .hunks = !printer.binary, .added = printer.tally.added, .deleted = printer.tally.deleted};
    printed->skip = (printer.binary        ? printer.words_at
                     : printer.tally.hunks ? printer.hunks_at
                                           : rc_spool_size(spool)) -
                    start;
    return NULL;
}

/* --- numbers of lines --- */

/* Subtracts the size of a file from the limits; false when it is too large. */
static rc_err_t *fits_limits(bool *fits, rc_vcs_t *vcs, const rc_svn_file_t *file,
                             rc_stat_limits_t *limits, apr_pool_t *scratch)
{
    apr_off_t size = 0;

    if (file->kind != RC_ENTRY_NONE)
        RC_TRY(rc_svn_length(&size, vcs, file, scratch));
    if (size > COUNTED_MOST || (apr_size_t)size > limits->bytes)
        *fits = false;
    else
        limits->bytes -= (apr_size_t)size;
    return NULL;
}

/* Counts lines only; binary files have none. */
static rc_err_t *count_change_lines(rc_change_t *counted, rc_vcs_t *vcs, rc_svn_change_t *change,
                                    rc_stat_limits_t *limits, apr_pool_t *scratch)
{
    static const rc_diff_options_t options = {.context = 0};
    rc_svn_printer_t printer = {
        .vcs = vcs, .options = &options, .scratch = scratch, .count_only = true};
    bool fits = true;

    RC_TRY(fits_limits(&fits, vcs, &change->before, limits, scratch));
    RC_TRY(fits_limits(&fits, vcs, &change->after, limits, scratch));
    if (!fits)
        return NULL;
    RC_TRY(rc_svn_print_change(&printer, change));
    counted->hunks = printer.tally.hunks;
    counted->added = printer.tally.added;
    counted->deleted = printer.tally.deleted;
    return NULL;
}

static rc_err_t *pass_counted(rc_vcs_t *vcs, rc_svn_change_t *change, rc_stat_limits_t *limits,
                              rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    rc_change_t counted = {.path = change->after.path + 1,
                           .op = change->before.kind == RC_ENTRY_NONE  ? 'A'
                                 : change->after.kind == RC_ENTRY_NONE ? 'D'
                                                                       : 'M'};

    change->replaced = false;
    RC_TRY(count_change_lines(&counted, vcs, change, limits, scratch));
    return fn(baton, &counted);
}

rc_err_t *rc_svn_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    svn_revnum_t rev = rc_svn_rev_of(id);
    apr_array_header_t *changes;
    apr_pool_t *pool;
    int i;

    RC_TRY(rc_svn_compare_trees(&changes, &limits->entries, vcs, rev, scratch));
    *more = limits->entries == 0;
    apr_pool_create(&pool, scratch);
    for (i = 0; i < changes->nelts; i++) {
        rc_svn_change_t *change = &APR_ARRAY_IDX(changes, i, rc_svn_change_t);

        apr_pool_clear(pool);
        if (!is_folder(change))
            RC_TRY(pass_counted(vcs, change, limits, fn, baton, pool));
    }
    apr_pool_destroy(pool);
    return NULL;
}
