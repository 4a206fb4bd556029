// SPDX-License-Identifier: Apache-2.0
/*
 * Parses lines of .gitattributes files.
 */
#ifndef RC_VCS_GIT_ATTRIBUTES_LINE_H
#define RC_VCS_GIT_ATTRIBUTES_LINE_H

#include <stdbool.h>
#include <stddef.h>

#define RC_GIT_LINE_MAX 2048 /* git ignores lines of this length and more, in bytes */

/* "<pattern> <states>", or "[attr]<name> <states>". */
typedef struct rc_git_line_t {
    bool is_macro;
    const char *pattern; /* or the macro's name */
    size_t len;          /* of pattern */
    const char *states;  /* for rc_git_line_word */
    char text[RC_GIT_LINE_MAX], unquoted[RC_GIT_LINE_MAX];
} rc_git_line_t;

/* A state: "name", "-name", "!name" or "name=value"; not terminated by a NUL. */
typedef struct rc_git_word_t {
    char mark; /* '-', '!' or 0 */
    const char *name, *value;
    size_t len, value_len; /* value is NULL when there is none */
} rc_git_word_t;

/** Reads the next line between *@a text and @a end that git does not ignore. False at the end. */
bool rc_git_line_next(rc_git_line_t *line, const char **text, const char *end);

/** Reads the next state from *@a states and moves past it. False at the end. */
bool rc_git_line_word(rc_git_word_t *word, const char **states);

#endif
