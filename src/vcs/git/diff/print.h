// SPDX-License-Identifier: Apache-2.0
/*
 * Prints one change between two trees. Each file below calls only the files that follow it here.
 */
#ifndef RC_VCS_GIT_DIFF_PRINT_H
#define RC_VCS_GIT_DIFF_PRINT_H

#include "change.h"

/* patch.c */

/* The words that begin each printed change; the diff of a change without hunks is what follows
 * them (contract 02 §1.7). */
#define RC_GIT_DIFF "diff --git"

/* The size of a change: lines, or bytes of a binary file. */
typedef struct rc_git_tally_t {
    bool binary;
    apr_uint64_t added, deleted;
    apr_off_t hunks; /* offset of the first hunk in the spool; 0: none was printed */
} rc_git_tally_t;

typedef struct rc_git_printer_t {
    rc_spool_t *spool;
    rc_git_t *git;
    const rc_diff_options_t *options;
    apr_pool_t *err_pool;
    apr_pool_t *scratch;   /* the caller clears it after each change */
    rc_git_tally_t *tally; /* filled for each change, counted as by git's --stat; or NULL */
    bool count_only;       /* prints nothing */
} rc_git_printer_t;

/** Prints one change as `git diff -p --full-index --binary` does. */
rc_err_t *rc_git_print_change(const rc_git_printer_t *printer, const rc_git_change_t *change);

/* hunk.c */

typedef struct rc_git_content_t {
    git_blob *blob; /* NULL: not there, or a submodule */
    const char *data;
    size_t size;
} rc_git_content_t;

/** Prints the hunks from text @a before to text @a after; @a head (may be empty) precedes the first
 * hunk. */
rc_err_t *rc_git_print_hunks(const rc_git_printer_t *printer, const char *head,
                             const rc_git_content_t *before, const rc_git_content_t *after);

/* far.c */

/** True when comparing both texts can take long. */
bool rc_git_is_far(const rc_git_content_t *before, const rc_git_content_t *after);

/** As rc_git_print_hunks, but runs git in a child, for comparisons that can take long; occupies a
 * slot among the costly answers. */
rc_err_t *rc_git_print_far(const rc_git_printer_t *printer, const char *head,
                           const rc_git_content_t *before, const rc_git_content_t *after);

/* binary.c */

/** Prints a binary patch for both directions. */
rc_err_t *rc_git_print_binary(const rc_git_printer_t *printer, const rc_git_content_t *before,
                              const rc_git_content_t *after);

/* delta.c */

/**
 * Computes the delta that turns @a before into @a after, malloc'ed. *@a delta is NULL when it would
 * exceed @a max bytes, or one of both is empty. Returns false = no memory.
 */
bool rc_git_delta(void **delta, size_t *len, const rc_git_content_t *before,
                  const rc_git_content_t *after, size_t max);

#endif
