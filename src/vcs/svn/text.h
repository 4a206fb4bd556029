// SPDX-License-Identifier: Apache-2.0
/*
 * Compares two texts by lines and prints the differences. A line ends at a line feed: svn ends one
 * at a carriage return, too, which git does not accept in patches.
 */
#ifndef RC_VCS_SVN_TEXT_H
#define RC_VCS_SVN_TEXT_H

#include "base/spool.h"
#include "base/work.h"

typedef struct rc_svn_text_t {
    const char *data;
    apr_size_t len;
} rc_svn_text_t;

/* Lines of both texts that differ, counted from 0. */
typedef struct rc_svn_region_t {
    apr_int64_t old_at, old_n, new_at, new_n;
} rc_svn_region_t;

typedef struct rc_svn_style_t {
    const char *mark; /* of a hunk's head: "@@" or "##" */
    const char *noun; /* in "No newline at end of file" */
    int context;      /* lines */
    bool ignore_space;
} rc_svn_style_t;

typedef struct rc_svn_tally_t {
    apr_int64_t added, deleted; /* lines */
    bool hunks;
} rc_svn_tally_t;

/* What comparing needs. */
typedef struct rc_svn_compare_t {
    bool ignore_space;
    rc_work_t *work;
    apr_pool_t *err_pool;
    apr_pool_t *pool; /* of the result and of what is needed meanwhile */
} rc_svn_compare_t;

/* -- anchors.c -- */

typedef struct rc_svn_line_t {
    const char *text;
    apr_size_t len;
} rc_svn_line_t;

/* A range of lines of both texts. */
typedef struct rc_svn_lines_t {
    rc_svn_line_t *old, *new;
    apr_int64_t old_n, new_n;
} rc_svn_lines_t;

/** Returns a hash of a line; blanks count as nothing with @a ignore_space. */
apr_uint32_t rc_svn_line_hash(const rc_svn_line_t *line, bool ignore_space);

/** Compares two lines as strcmp does; blanks count as nothing with @a ignore_space. */
int rc_svn_line_compare(const rc_svn_line_t *a, const rc_svn_line_t *b, bool ignore_space);

/** Returns pairs of equal lines, each of which occurs once in either text, in the order of both
 * texts: an array of rc_svn_region_t whose numbers of lines are 1. */
apr_array_header_t *rc_svn_anchors(const rc_svn_lines_t *lines, bool ignore_space,
                                   apr_pool_t *pool);

/* -- regions.c -- */

/** Returns the number of lines from @a p to @a end; the last one may lack its line feed. */
apr_int64_t rc_svn_count_lines(const char *p, const char *end);

/**
 * Returns the differences between two texts in their order: an array of rc_svn_region_t. Within
 * bounds these are the differences that svn finds; between far texts there can be fewer and larger
 * ones, so that the time grows no faster than the texts.
 */
rc_err_t *rc_svn_regions(apr_array_header_t **out, const rc_svn_text_t *before,
                         const rc_svn_text_t *after, const rc_svn_compare_t *compare);

/* -- hunk.c -- */

/** Appends @a head and the hunks from @a before to @a after; nothing when they are equal. Counts
 * lines into @a tally; with a NULL @a spool it only counts. */
rc_err_t *rc_svn_print_hunks(rc_svn_tally_t *tally, rc_spool_t *spool, const char *head,
                             const rc_svn_text_t *before, const rc_svn_text_t *after,
                             const rc_svn_style_t *style, const rc_svn_compare_t *compare);

#endif
