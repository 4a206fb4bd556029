// SPDX-License-Identifier: Apache-2.0
/*
 * Inside of the git diff: the list of changes between two trees, which of them are renames, and
 * how one of them is printed.
 */
#ifndef RC_VCS_GIT_DIFF_DIFF_H
#define RC_VCS_GIT_DIFF_DIFF_H

#include "../cursor.h"

/* As git counts similarity. */
#define RC_GIT_SCORE_MAX 60000

typedef struct rc_git_side_t {
    const char *path;
    apr_uint32_t mode; /* 0: not there */
    git_oid id;
} rc_git_side_t;

typedef struct rc_git_change_t {
    rc_git_side_t before, after;
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

/** What tree @a tree holds under @a name (@a len bytes); out->mode is 0 when nothing. */
rc_err_t *rc_git_tree_find(rc_git_side_t *out, rc_git_t *git, const git_oid *tree, const char *name,
                           size_t len, apr_pool_t *err_pool);
/** The same, but ends as soon as so many entries, directories too, were found to differ: *@a
 * entries is what is left of them, 0 = there may be more. */
rc_err_t *rc_git_tree_changes_some(apr_array_header_t **out, int *entries, rc_git_t *git,
                                   const git_oid *before, const git_oid *after,
                                   apr_pool_t *err_pool, apr_pool_t *pool);

/* entry.c */

/** What commit @a id holds at side->path, a clean one; side->mode is 0 when nothing. */
rc_err_t *rc_git_path_find(rc_git_side_t *side, rc_git_t *git, const char *id,
                           apr_pool_t *err_pool);

/* rename.c */

/** Turns additions and deletions in @a changes into renames, the same that `git diff -M` finds. */
rc_err_t *rc_git_find_renames(apr_array_header_t *changes, rc_git_t *git, apr_pool_t *err_pool,
                              apr_pool_t *scratch);

/* span.c: how much of one file is in another */

typedef struct rc_git_spans_t rc_git_spans_t; /* fingerprint of a content; malloc'ed */

typedef struct rc_git_sums_t rc_git_sums_t; /* room to work in, for many of them; malloc'ed */

/** NULL = no memory. Free by free(). */
rc_git_sums_t *rc_git_sums_make(void);

/** Fingerprint of @a data; NULL = no memory. Free by free(). */
rc_git_spans_t *rc_git_spans_make(rc_git_sums_t *sums, const void *data, size_t size);

/** Memory that a fingerprint takes. */
size_t rc_git_spans_bytes(const rc_git_spans_t *spans);

/** Bytes of @a before that are found in @a after. */
apr_uint64_t rc_git_spans_copied(const rc_git_spans_t *before, const rc_git_spans_t *after);

/** As git decides: a NUL in the first bytes. */
bool rc_git_is_binary(const void *data, size_t size);

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

/* mail_stat.c */

typedef struct rc_git_row_t {
    const rc_git_change_t *change;
    rc_git_tally_t tally;
    const char *name; /* mail_stat.c's own */
} rc_git_row_t;

/** Prints the table of @a rows (rc_git_row_t) that `git --stat` shows in a mail. */
rc_err_t *rc_git_print_stat(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool);

/** Prints what `git --summary` tells of created, deleted, renamed files and of modes. */
rc_err_t *rc_git_print_summary(rc_spool_t *spool, const apr_array_header_t *rows, apr_pool_t *pool);

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
