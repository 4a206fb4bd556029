// SPDX-License-Identifier: Apache-2.0
/*
 * A sorted list of references in a mapped file of any length, which only this process changes:
 * comments, then lines "<40 hex digits> <name>".
 */
#ifndef RC_VCS_GIT_REF_LIST_H
#define RC_VCS_GIT_REF_LIST_H

#include <stdbool.h>

#include <apr_file_io.h>

#include "base/err.h"

#define RC_REF_ID  40   /* characters of an id */
#define RC_REF_MAX 4096 /* of a name; no file system holds a longer one */

typedef struct rc_ref_list_t {
    const char *text, *end;
} rc_ref_list_t;

typedef struct rc_ref_t {
    const char *id, *name; /* not terminated by a NUL */
    apr_size_t len;        /* of the name */
} rc_ref_t;

/** Maps @a file until @a pool ends. */
rc_err_t *rc_ref_list_map(rc_ref_list_t *list, apr_file_t *file, apr_pool_t *pool);

/** Reads the reference at *@a at, which starts as list->text, and moves on. False at the end. */
bool rc_ref_list_next(rc_ref_t *ref, const rc_ref_list_t *list, const char **at);

/** Finds the reference called @a name. False when there is none. */
bool rc_ref_list_find(rc_ref_t *ref, const rc_ref_list_t *list, const char *name, apr_size_t len);

/** Compares two names as strcmp does. */
int rc_ref_compare(const char *a, apr_size_t a_len, const char *b, apr_size_t b_len);

/**
 * True when a reference of @a list excludes a reference called @a name: it is below it, as branch
 * "a/b" is below "a", or above it. Git cannot store both.
 */
bool rc_ref_list_collides(const rc_ref_list_t *list, const char *name, apr_size_t len);

#endif
