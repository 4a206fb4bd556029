// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the diff of a revision against the one before, and of one file in two revisions.
 */
#include "change.h"

rc_err_t *rc_svn_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch)
{
    rc_svn_printer_t printer = {.spool = spool, .vcs = vcs, .options = options, .properties = true};
    apr_pool_t *pool;
    rc_err_t *err;

    apr_pool_create(&pool, scratch);
    err = rc_svn_print_revision(&printer, rc_svn_rev_of(id), pool);
    apr_pool_destroy(pool);
    return err ? err : rc_svn_check_place(vcs);
}

static void set_file(rc_svn_file_t *file, const rc_entry_t *entry, apr_pool_t *pool)
{
    *file = (rc_svn_file_t){.kind = entry->kind, .path = rc_svn_fspath(entry->path, pool)};
    if (entry->kind != RC_ENTRY_NONE)
        file->rev = rc_svn_rev_of(entry->id);
}

rc_err_t *rc_svn_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch)
{
    rc_svn_printer_t printer = {
        .spool = spool, .vcs = vcs, .options = options, .scratch = scratch, .properties = true};
    rc_svn_change_t change = {.replaced = false};

    set_file(&change.before, before, scratch);
    set_file(&change.after, after, scratch);
    if (after->kind == RC_ENTRY_NONE)
        change.after.path = change.before.path;
    if (before->kind == RC_ENTRY_NONE)
        change.before.path = change.after.path;
    RC_TRY(rc_svn_print_change(&printer, &change));
    return rc_svn_check_place(vcs);
}
