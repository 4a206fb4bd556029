// SPDX-License-Identifier: Apache-2.0
/*
 * The list of changes between two trees, and which of them are renames.
 */
#ifndef RC_VCS_GIT_DIFF_CHANGE_H
#define RC_VCS_GIT_DIFF_CHANGE_H

#include "../cursor.h"

/* As git counts similarity. */
#define RC_GIT_SCORE_MAX 60000

typedef struct rc_git_change_t {
    rc_git_entry_t before, after;
    int score;    /* of a rename */
    bool renamed; /* before is the source of a rename */
    bool moved;   /* a deletion that has become part of a rename: not printed */
} rc_git_change_t;

/* tree.c */

/**
 * The changes from tree @a before to tree @a after (either may be NULL: an empty tree), in the
 * order of git's trees. An array of rc_git_change_t in @a pool. RC_E_LIMIT, with a text for
 * clients, when there are too many.
 */
rc_err_t *rc_git_tree_changes(apr_array_header_t **out, rc_git_t *git, const git_oid *before,
                              const git_oid *after, apr_pool_t *err_pool, apr_pool_t *pool);

/** The same, but ends as soon as so many entries, directories too, were found to differ: *@a
 * entries is what is left of them, 0 = there may be more. */
rc_err_t *rc_git_tree_changes_some(apr_array_header_t **out, int *entries, rc_git_t *git,
                                   const git_oid *before, const git_oid *after,
                                   apr_pool_t *err_pool, apr_pool_t *pool);

/* rename.c */

/** Turns additions and deletions in @a changes into renames, the same that `git diff -M` finds. */
rc_err_t *rc_git_find_renames(apr_array_header_t *changes, rc_git_t *git, apr_pool_t *err_pool,
                              apr_pool_t *scratch);

#endif
