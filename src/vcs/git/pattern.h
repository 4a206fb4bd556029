// SPDX-License-Identifier: Apache-2.0
/*
 * Matches paths against patterns of .gitattributes.
 */
#ifndef RC_VCS_GIT_PATTERN_H
#define RC_VCS_GIT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <apr.h>

/**
 * True when @a text matches @a pattern as in git's wildmatch with WM_PATHNAME. The cost grows at
 * most with the square of the product of the lengths. *@a steps is decreased by the cost; the
 * result is meaningless when it falls below zero.
 */
bool rc_git_pattern_match(const char *pattern, const char *text, apr_int64_t *steps);

/** Returns the number of bytes before the first special character of @a pattern. */
size_t rc_git_pattern_literal(const char *pattern);

#endif
