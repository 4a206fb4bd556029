// SPDX-License-Identifier: Apache-2.0
/*
 * Compares paths with patterns of .gitattributes.
 */
#ifndef RC_VCS_GIT_PATTERN_H
#define RC_VCS_GIT_PATTERN_H

#include <stdbool.h>
#include <stddef.h>

#include <apr.h>

/**
 * True when @a text matches @a pattern as git's wildmatch with WM_PATHNAME has it. The cost grows
 * with the product of the lengths squared at worst: *@a steps counts it down, and below zero the
 * answer means nothing.
 */
bool rc_git_pattern_match(const char *pattern, const char *text, apr_int64_t *steps);

/** Bytes before the first character of @a pattern that has a meaning of its own. */
size_t rc_git_pattern_literal(const char *pattern);

#endif
