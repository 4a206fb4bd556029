// SPDX-License-Identifier: Apache-2.0
/*
 * Prints one change between two trees. Each file here calls only those below it.
 */
#ifndef RC_VCS_GIT_DIFF_PRINT_H
#define RC_VCS_GIT_DIFF_PRINT_H

#include "change.h"

/* patch.c */

/* How large a change is: lines, or bytes of a binary file. */
typedef struct rc_git_tally_t {
    bool binary;
    apr_uint64_t added, deleted;
    apr_off_t hunks; /* where the first one stands in the spool; 0: none was printed */
} rc_git_tally_t;

typedef struct rc_git_printer_t {
    rc_spool_t *spool;
    rc_git_t *git;
    const rc_diff_options_t *options;
    apr_pool_t *err_pool;
    apr_pool_t *scratch;   /* cleared by the caller after each change */
    rc_git_tally_t *tally; /* filled by each change, as git's --stat counts; or NULL */
    bool count_only;       /* prints nothing */
} rc_git_printer_t;

/** @a name with @a prefix in git's C style: in quotes when anything needs an escape. */
const char *rc_git_quote(const char *prefix, const char *name, apr_pool_t *pool);

/** Prints one change as `git diff -p --full-index --binary` does. */
rc_err_t *rc_git_print_change(const rc_git_printer_t *printer, const rc_git_change_t *change);

/* hunk.c */

typedef struct rc_git_content_t {
    git_blob *blob; /* NULL: not there, or a submodule */
    const char *data;
    size_t size;
} rc_git_content_t;

/** Prints what is new in text @a after, @a head (may be empty) before the first hunk. */
rc_err_t *rc_git_print_hunks(const rc_git_printer_t *printer, const char *head,
                             const rc_git_content_t *before, const rc_git_content_t *after);

/* far.c */

/** Could comparing both take long? */
bool rc_git_is_far(const rc_git_content_t *before, const rc_git_content_t *after);

/** rc_git_print_hunks by git in a child, for what could take long; it takes a place among the
 * costly answers. */
rc_err_t *rc_git_print_far(const rc_git_printer_t *printer, const char *head,
                           const rc_git_content_t *before, const rc_git_content_t *after);

/* binary.c */

/** Prints a binary patch, both ways. */
rc_err_t *rc_git_print_binary(const rc_git_printer_t *printer, const rc_git_content_t *before,
                              const rc_git_content_t *after);

/* delta.c */

/**
 * What makes @a after of @a before, malloc'ed; NULL when that would be more than @a max bytes, or
 * one of both is empty. False = no memory.
 */
bool rc_git_delta(void **delta, size_t *len, const rc_git_content_t *before,
                  const rc_git_content_t *after, size_t max);

#endif
