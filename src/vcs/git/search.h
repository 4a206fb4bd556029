// SPDX-License-Identifier: Apache-2.0
/*
 * Finds objects in the index of a pack, a mapped file with the sorted ids of all of them.
 */
#ifndef RC_VCS_GIT_SEARCH_H
#define RC_VCS_GIT_SEARCH_H

#include "git.h"

typedef struct rc_git_index_t {
    unsigned char *at;
    size_t size;
    bool v2;
    apr_uint32_t count;
} rc_git_index_t;

/* A search, which can be made in steps: each look at the ids waits for memory, unless the processor
 * was told to load it. */
typedef struct rc_git_search_t {
    git_oid id;
    apr_uint32_t at;          /* the place of the next look */
    apr_uint32_t low, high;   /* places; the id is before high */
    apr_uint32_t first, last; /* no id between them begins with less or more */
} rc_git_search_t;

/** Reads what a mapped index tells of itself; returns whether all of it is there. */
bool rc_git_index_read(rc_git_index_t *index);

/** Returns the offset of object @a id in the pack; 0 when it is not there. */
apr_uint64_t rc_git_index_find(const rc_git_index_t *index, const unsigned char *id);

/** The same in steps, for several searches in turn: each of the first two has the memory loaded
 * that the next one looks at. The second may be left out, or be made for a search that is empty
 * (zeros). */
void rc_git_search_begin(rc_git_search_t *search, const rc_git_index_t *index,
                         const unsigned char *id);
void rc_git_search_continue(rc_git_search_t *search, const rc_git_index_t *index);
apr_uint64_t rc_git_search_end(rc_git_search_t *search, const rc_git_index_t *index);

/** Reads four bytes, the highest first. */
static inline apr_uint32_t rc_git_number(const unsigned char *p)
{
    return (apr_uint32_t)p[0] << 24 | (apr_uint32_t)p[1] << 16 | (apr_uint32_t)p[2] << 8 | p[3];
}

#endif
