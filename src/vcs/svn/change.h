// SPDX-License-Identifier: Apache-2.0
/*
 * Finds and prints what a revision changes. Each file below calls only the files that follow it
 * here.
 */
#ifndef RC_VCS_SVN_CHANGE_H
#define RC_VCS_SVN_CHANGE_H

#include "svn.h"
#include "text.h"
#include "base/patch_stat.h"

/* One path before and after. Of a directory only a change of its properties counts. */
typedef struct rc_svn_change_t {
    rc_svn_file_t before, after; /* kind: FILE (not looked at yet), DIR or NONE */
    bool replaced; /* the files have no common history: svn prints a deletion and an addition */
} rc_svn_change_t;

/* -- diff.c, change.c, mail.c: functions of the row -- */

rc_err_t *rc_svn_changes(apr_array_header_t **pairs, rc_vcs_t *vcs, const char *id,
                         const char *parent, bool renames, apr_pool_t *pool);
rc_err_t *rc_svn_print(rc_printed_t *printed, rc_spool_t *spool, rc_vcs_t *vcs,
                       const rc_pair_t *pair, const rc_diff_options_t *options,
                       apr_pool_t *scratch);
rc_err_t *rc_svn_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch);
rc_err_t *rc_svn_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch);
rc_err_t *rc_svn_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch);
rc_err_t *rc_svn_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch);

/* -- section.c -- */

/* How changes are printed. */
typedef struct rc_svn_printer_t {
    rc_spool_t *spool;
    rc_vcs_t *vcs;
    const rc_diff_options_t *options;
    apr_pool_t *scratch; /* the caller clears it after each change */
    bool properties;     /* prints changes of properties, too */
    bool count_only;     /* prints nothing, and needs no spool: only counts lines */
    /* gets a rc_stat_row_t for each section that git can apply; or NULL */
    apr_array_header_t *rows;

    /* filled for one file */
    bool binary;
    apr_off_t words_at; /* where the words after "diff --git" begin; 0: there are none */
    apr_off_t hunks_at; /* where the hunks begin; 0: there are none */
    rc_svn_tally_t tally;
} rc_svn_printer_t;

/** Prints the section of one change, or two when a file became another kind of file. */
rc_err_t *rc_svn_print_change(rc_svn_printer_t *printer, const rc_svn_change_t *change);

/** Prints all changes of the revision @a rev; sets the printer's scratch pool. */
rc_err_t *rc_svn_print_revision(rc_svn_printer_t *printer, svn_revnum_t rev, apr_pool_t *pool);

/* -- property.c -- */

/** Prints the changes of properties between two nodes as `svn diff` does; nothing when there are
 * none. @a head is printed first. */
rc_err_t *rc_svn_print_properties(const rc_svn_printer_t *printer, const char *head,
                                  const char *name, const rc_svn_file_t *before,
                                  const rc_svn_file_t *after);

/* -- paths.c -- */

/**
 * Finds the files, and the directories with other properties, that differ between the revision
 * @a rev and the one before it: an array of rc_svn_change_t in @a pool, in the order of `svn diff`:
 * the entries of a directory by name, then itself. At most *@a entries entries are compared; it
 * becomes what is left, 0 when there may be more.
 */
rc_err_t *rc_svn_compare_trees(apr_array_header_t **out, int *entries, rc_vcs_t *vcs,
                               svn_revnum_t rev, apr_pool_t *pool);

/** The same for all that differs; RC_E_LIMIT when it is too much. */
rc_err_t *rc_svn_revision_changes(apr_array_header_t **out, rc_vcs_t *vcs, svn_revnum_t rev,
                                  apr_pool_t *pool);

/* -- tree.c -- */

#define RC_SVN_PATHS_MOST ((apr_size_t)128 << 20) /* bytes of all paths that differ */

/* A comparison of two revisions. */
typedef struct rc_svn_walk_t {
    rc_vcs_t *vcs;
    svn_revnum_t rev[2];         /* before, after */
    apr_array_header_t *changes; /* the result: of rc_svn_change_t */
    apr_size_t paths;            /* bytes of them */
    int left;                    /* entries that may still be compared */
    int depth;
    apr_pool_t *pool; /* of the result */
} rc_svn_walk_t;

/** Compares what both revisions have at @a path, and below it: appends what differs. Of directories
 * only the properties are compared when the change is @a alone. */
rc_err_t *rc_svn_walk_node(rc_svn_walk_t *walk, const char *path, bool alone, apr_pool_t *scratch);

#endif
