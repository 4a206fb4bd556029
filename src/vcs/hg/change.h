// SPDX-License-Identifier: Apache-2.0
/*
 * Finds and prints what a changeset changes. Each file below calls only the files that follow it
 * here.
 */
#ifndef RC_VCS_HG_CHANGE_H
#define RC_VCS_HG_CHANGE_H

#include "hg.h"
#include "lines.h"

typedef enum { RC_HG_NOT_COPIED, RC_HG_COPIED, RC_HG_RENAMED } rc_hg_copied_t;

/* One path before and after. */
typedef struct rc_hg_change_t {
    rc_hg_file_t before, after; /* before: of a copy, its source */
    rc_hg_copied_t copied;
} rc_hg_change_t;

/* -- diff.c, change.c, mail.c: functions of the row -- */

rc_err_t *rc_hg_changes(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                        const char *parent, bool renames, apr_pool_t *pool);
rc_err_t *rc_hg_print(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                      const rc_pair_t *pair, const rc_diff_options_t *options, apr_pool_t *scratch);
rc_err_t *rc_hg_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                     rc_change_fn_t *fn, void *baton, apr_pool_t *scratch);
rc_err_t *rc_hg_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                           const rc_entry_t *after, const rc_diff_options_t *options,
                           apr_pool_t *scratch);
rc_err_t *rc_hg_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                     const rc_diff_options_t *options, apr_pool_t *scratch);
rc_err_t *rc_hg_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                     apr_pool_t *scratch);

/* -- section.c -- */

/* How changes are printed. */
typedef struct rc_hg_printer_t {
    rc_spool_t *spool;
    rc_vcs_t *vcs;
    rc_hg_style_t style;
    apr_pool_t *scratch; /* the caller clears it after each change */
    bool count_only;     /* prints nothing, and needs no spool: only counts lines */

    /* filled for one change */
    apr_off_t words_at; /* where the words after "diff --git" begin */
    apr_off_t hunks_at; /* where the hunks begin */
    rc_hg_tally_t tally;
} rc_hg_printer_t;

/** Prints one change as `hg diff --git` does. */
rc_err_t *rc_hg_print_change(rc_hg_printer_t *printer, const rc_hg_change_t *change);

/** Prints what changeset @a rev changes against its first parent; sets the printer's scratch pool.
 */
rc_err_t *rc_hg_print_changeset(rc_hg_printer_t *printer, int rev, apr_pool_t *pool);

/* -- copies.c -- */

/** Turns added files that were copied from files of changeset @a before into copies and renames,
 * as hg finds them. */
rc_err_t *rc_hg_find_copies(apr_array_header_t *changes, rc_vcs_t *vcs, int before,
                            apr_pool_t *scratch);

/* -- tree.c -- */

/**
 * Finds the files that differ between the changesets @a before and @a after (-1: without files): an
 * array of rc_hg_change_t in @a pool, sorted by path. At most *@a entries files are taken; it
 * becomes what is left, 0 when there may be more.
 */
rc_err_t *rc_hg_compare_trees(apr_array_header_t **out, int *entries, rc_vcs_t *vcs, int before,
                              int after, apr_pool_t *pool);

/** The same for changeset @a rev and its first parent, *@a parent; RC_E_LIMIT when it changes too
 * much. */
rc_err_t *rc_hg_changeset_changes(apr_array_header_t **out, int *parent, rc_vcs_t *vcs, int rev,
                                  apr_pool_t *pool);

#endif
