// SPDX-License-Identifier: Apache-2.0
/*
 * Prints the changes of a commit, or between two files, as `git diff -p -M --full-index --binary`
 * does.
 */
#include "print.h"
#include "../table.h"

rc_err_t *rc_git_diff_changes(apr_array_header_t **changes, rc_git_t *git, const char *id,
                              apr_pool_t *err_pool, apr_pool_t *pool)
{
    git_oid tree, parent;
    bool has_parent;

    RC_TRY(rc_git_commit_trees(&tree, &parent, &has_parent, git, id, err_pool));
    RC_TRY(rc_git_tree_changes(changes, git, has_parent ? &parent : NULL, &tree, err_pool, pool));
    return rc_git_find_renames(*changes, git, err_pool, pool);
}

rc_err_t *rc_git_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch)
{
    rc_git_printer_t printer = {
        .spool = spool, .git = vcs->repo, .options = options, .err_pool = vcs->pool};
    apr_array_header_t *changes;
    apr_pool_t *pool;
    rc_err_t *err;
    int i;

    apr_pool_create(&pool, scratch);
    apr_pool_tag(pool, "rc_git_diff");
    apr_pool_create(&printer.scratch, pool);
    err = rc_git_diff_changes(&changes, vcs->repo, id, vcs->pool, pool);
    for (i = 0; !err && i < changes->nelts; i++) {
        const rc_git_change_t *change = &APR_ARRAY_IDX(changes, i, rc_git_change_t);

        apr_pool_clear(printer.scratch);
        if (!change->moved)
            err = rc_git_print_change(&printer, change);
    }
    apr_pool_destroy(pool);
    return err;
}

static void set_side(rc_git_entry_t *side, const rc_entry_t *entry)
{
    side->path = entry->path;
    if (entry->kind == RC_ENTRY_NONE)
        return;
    side->mode = entry->kind == RC_ENTRY_LINK      ? 0120000
                 : entry->kind == RC_ENTRY_PROGRAM ? 0100755
                                                   : 0100644;
    rc_git_hex(&side->id, entry->id);
}

rc_err_t *rc_git_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch)
{
    rc_git_printer_t printer = {.spool = spool,
                                .git = vcs->repo,
                                .options = options,
                                .err_pool = vcs->pool,
                                .scratch = scratch};
    rc_git_change_t change = {0};

    set_side(&change.before, before);
    set_side(&change.after, after);
    if (change.before.mode == change.after.mode &&
        git_oid_equal(&change.before.id, &change.after.id))
        return NULL;
    return rc_git_print_change(&printer, &change);
}
