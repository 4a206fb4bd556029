// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the changes between two trees, and which of them are renames.
 */
#ifndef RC_VCS_GIT_DIFF_CHANGE_H
#define RC_VCS_GIT_DIFF_CHANGE_H

#include "../cursor.h"

/* The highest score of similarity, as in git. */
#define RC_GIT_SCORE_MAX 60000

typedef struct rc_git_change_t {
    rc_git_entry_t before, after;
    int score;    /* of a rename */
    bool renamed; /* before is the source of a rename */
    bool moved;   /* a deletion that became part of a rename: not printed */
} rc_git_change_t;

/* tree.c */

/**
 * Returns the changes from tree @a before to tree @a after (NULL: an empty tree), in the order of
 * git's trees: an array of rc_git_change_t in @a pool. RC_E_LIMIT, with a text for clients, when
 * there are too many.
 */
rc_err_t *rc_git_tree_changes(apr_array_header_t **out, rc_git_t *git, const git_oid *before,
                              const git_oid *after, apr_pool_t *err_pool, apr_pool_t *pool);

/** The same, but stops after *@a entries entries (files and directories) that differ. *@a entries
 * is then what is left; 0 = there may be more changes. */
rc_err_t *rc_git_tree_changes_some(apr_array_header_t **out, int *entries, rc_git_t *git,
                                   const git_oid *before, const git_oid *after,
                                   apr_pool_t *err_pool, apr_pool_t *pool);

/* rename.c */

/** Turns pairs of additions and deletions in @a changes into renames, the same as `git diff -M`
 * finds. */
rc_err_t *rc_git_find_renames(apr_array_header_t *changes, rc_git_t *git, apr_pool_t *err_pool,
                              apr_pool_t *scratch);

#endif
