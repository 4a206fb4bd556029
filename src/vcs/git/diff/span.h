// SPDX-License-Identifier: Apache-2.0
/*
 * How much of one file is in another.
 */
#ifndef RC_VCS_GIT_DIFF_SPAN_H
#define RC_VCS_GIT_DIFF_SPAN_H

#include <stdbool.h>
#include <stddef.h>

#include <apr.h>

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

#endif
