// SPDX-License-Identifier: Apache-2.0
/*
 * A priority queue of commits, as git's walks use it: the newest first; among equal dates, the one
 * that was pushed first.
 */
#ifndef RC_VCS_GIT_HEAP_H
#define RC_VCS_GIT_HEAP_H

#include <stdbool.h>
#include <stddef.h>

#include <apr.h>

typedef struct rc_git_waiting_t {
    apr_uint64_t time;
    apr_uint32_t turn; /* the sequence number of the push */
    apr_uint32_t node;
} rc_git_waiting_t;

typedef struct rc_git_heap_t {
    rc_git_waiting_t *items; /* malloc'ed */
    apr_uint32_t count, turns;
} rc_git_heap_t;

/** Allocates room for @a most commits; false = no memory. */
bool rc_git_heap_init(rc_git_heap_t *heap, size_t most);
void rc_git_heap_free(rc_git_heap_t *heap);

void rc_git_heap_push(rc_git_heap_t *heap, apr_uint64_t time, apr_uint32_t node);

/** Removes and returns the next commit. The queue must not be empty. */
apr_uint32_t rc_git_heap_pop(rc_git_heap_t *heap);

#endif
