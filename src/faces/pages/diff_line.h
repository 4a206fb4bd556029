// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the text of a diff line by line: those of git, Mercurial and Subversion have one form. The
 * counts in the head of a hunk say how many lines belong to it, so that no content is mistaken for
 * the head of a file.
 */
#ifndef RC_FACES_PAGES_DIFF_LINE_H
#define RC_FACES_PAGES_DIFF_LINE_H

#include <stdbool.h>

#include <apr_pools.h>

typedef enum {
    RC_LINE_FILE,   /* begins the part of a file */
    RC_LINE_HEAD,   /* says something about it: modes, names, a rename */
    RC_LINE_BINARY, /* its contents are not shown as text */
    RC_LINE_HUNK,   /* begins a hunk */
    RC_LINE_SAME,
    RC_LINE_OLD,
    RC_LINE_NEW,
    RC_LINE_NOTE, /* "\ No newline at end of file" */
    RC_LINE_OTHER /* a change of properties */
} rc_line_kind_t;

typedef struct rc_diff_line_t {
    rc_line_kind_t kind;
    const char *text; /* without the line feed */
    apr_size_t len;
    apr_int64_t old, new; /* its number in the files, of SAME, OLD and NEW */
} rc_diff_line_t;

typedef struct rc_diff_reader_t {
    const char *at, *end;
    apr_int64_t old, new;           /* numbers of the next lines */
    apr_int64_t old_left, new_left; /* lines of the hunk that are still to come */
    bool indexed;                   /* after "Index:", before "diff --git" */
    bool binary, properties;
} rc_diff_reader_t;

/** Starts to read the @a len bytes at @a text. */
void rc_diff_reader_init(rc_diff_reader_t *reader, const char *text, apr_size_t len);

/** Reads the next line; false at the end. Superfluous lines are left out. */
bool rc_diff_next(rc_diff_line_t *line, rc_diff_reader_t *reader);

/** Returns whether the text of @a line begins with @a word. */
bool rc_diff_begins(const rc_diff_line_t *line, const char *word);

/** Returns the file name after the first @a skip bytes of a line: unquoted, without "a/" or "b/" if
 * @a sided, in @a pool; NULL for /dev/null. */
const char *rc_diff_name(const rc_diff_line_t *line, apr_size_t skip, bool sided, apr_pool_t *pool);

/** Returns the name in "diff --git a/X b/X", for files whose other lines name none. */
const char *rc_diff_git_name(const rc_diff_line_t *line, apr_pool_t *pool);

#endif
