// SPDX-License-Identifier: Apache-2.0
/*
 * Compares two texts by lines, as Mercurial does. Each file below calls only the one that follows
 * it here.
 */
#ifndef RC_VCS_HG_LINES_H
#define RC_VCS_HG_LINES_H

#include "revlog.h"

typedef struct rc_hg_line_t {
    const char *text;
    apr_size_t len; /* with the line feed */
} rc_hg_line_t;

typedef struct rc_hg_lines_t {
    rc_hg_line_t *line;
    int count;
} rc_hg_lines_t;

/* Lines of both texts that differ, or that are equal: from start to before end, from 0. */
typedef struct rc_hg_block_t {
    int old_start, old_end, new_start, new_end;
} rc_hg_block_t;

/* What comparing needs. */
typedef struct rc_hg_compare_t {
    rc_work_t *work;
    apr_pool_t *err_pool;
    apr_pool_t *pool; /* of the result and of what is needed meanwhile */
} rc_hg_compare_t;

typedef struct rc_hg_tally_t {
    apr_int64_t added, deleted; /* lines */
    bool hunks;
} rc_hg_tally_t;

typedef struct rc_hg_style_t {
    int context; /* lines */
    bool ignore_space;
    bool functions; /* a hunk's head shows the line of the function, as `diff -p` */
} rc_hg_style_t;

/* -- hunk.c -- */

/** Appends @a head and the hunks from @a before to @a after; nothing when they are equal. Counts
 * lines into @a tally; with a NULL @a spool it only counts. */
rc_err_t *rc_hg_print_hunks(rc_hg_tally_t *tally, rc_spool_t *spool, const char *head,
                            const rc_hg_text_t *before, const rc_hg_text_t *after,
                            const rc_hg_style_t *style, const rc_hg_compare_t *compare);

/* -- lines.c -- */

/** Splits a text into lines; the last one may lack its line feed. RC_E_LIMIT: too many. */
rc_err_t *rc_hg_split(rc_hg_lines_t *lines, const rc_hg_text_t *text,
                      const rc_hg_compare_t *compare);

/** Finds the differences between two texts in their order: an array of rc_hg_block_t. */
rc_err_t *rc_hg_differences(apr_array_header_t **out, const rc_hg_text_t *before,
                            const rc_hg_text_t *after, bool ignore_space,
                            const rc_hg_compare_t *compare);

/* -- blocks.c -- */

/** Finds the blocks of equal lines that `hg diff` finds, in their order: an array of
 * rc_hg_block_t. */
rc_err_t *rc_hg_equal_blocks(apr_array_header_t **out, const rc_hg_lines_t *before,
                             const rc_hg_lines_t *after, const rc_hg_compare_t *compare);

#endif
