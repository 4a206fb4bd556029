// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the diff of a changeset against its first parent, and of one file in two changesets.
 */
#include "change.h"

rc_err_t *rc_hg_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                     const rc_diff_options_t *options, apr_pool_t *scratch)
{
    rc_hg_printer_t printer = {
        .spool = spool, .vcs = vcs, .style = {options->context, options->ignore_space, true}};
    apr_pool_t *pool;
    rc_err_t *err;
    int rev;

    RC_TRY(rc_hg_rev_of(&rev, vcs, id));
    apr_pool_create(&pool, scratch);
    err = rc_hg_print_changeset(&printer, rev, pool);
    apr_pool_destroy(pool);
    return err;
}

static rc_err_t *set_hg_file(rc_hg_file_t *file, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    *file = (rc_hg_file_t){.kind = entry->kind, .path = entry->path};
    if (entry->kind == RC_ENTRY_NONE || rc_hg_read_node(file->node, entry->id))
        return NULL;
    return rc_err_internal(vcs->pool, APR_SUCCESS, "%s is no id of a file", entry->id);
}

rc_err_t *rc_hg_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                           const rc_entry_t *after, const rc_diff_options_t *options,
                           apr_pool_t *scratch)
{
    rc_hg_printer_t printer = {.spool = spool,
                               .vcs = vcs,
                               .style = {options->context, options->ignore_space, true},
                               .scratch = scratch};
    rc_hg_change_t change = {.copied = RC_HG_NOT_COPIED};

    RC_TRY(set_hg_file(&change.before, vcs, before));
    RC_TRY(set_hg_file(&change.after, vcs, after));
    return rc_hg_print_change(&printer, &change);
}
