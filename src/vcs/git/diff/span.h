// SPDX-License-Identifier: Apache-2.0
/*
 * Measures how much of one file occurs in another, by fingerprints.
 */
#ifndef RC_VCS_GIT_DIFF_SPAN_H
#define RC_VCS_GIT_DIFF_SPAN_H

#include <stdbool.h>
#include <stddef.h>

#include <apr.h>

typedef struct rc_git_spans_t rc_git_spans_t; /* the fingerprint of a content; malloc'ed */

typedef struct rc_git_sums_t rc_git_sums_t; /* a work area for many fingerprints; malloc'ed */

/** NULL = no memory. Free by free(). */
rc_git_sums_t *rc_git_sums_make(void);

/** Computes the fingerprint of @a data; NULL = no memory. Free by free(). */
rc_git_spans_t *rc_git_spans_make(rc_git_sums_t *sums, const void *data, size_t size);

/** Returns the bytes of memory that a fingerprint takes. */
size_t rc_git_spans_bytes(const rc_git_spans_t *spans);

/** Returns how many bytes of @a before occur in @a after. */
apr_uint64_t rc_git_spans_copied(const rc_git_spans_t *before, const rc_git_spans_t *after);

/** True for a binary file by git's rule: a NUL in the first bytes. */
bool rc_git_is_binary(const void *data, size_t size);

#endif
