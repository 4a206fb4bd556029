// SPDX-License-Identifier: Apache-2.0
/*
 * Searches the index of a pack. Ids are digests, so they are spread evenly: a few guesses need
 * fewer looks than halving does, each of which waits for memory.
 */
#include "search.h"

#include <string.h>

#define FANOUT   (256 * 4)
#define V2_HEAD  8
#define V2_MAGIC "\377tOc"
#define GUESSES  6  /* looks into an index before its parts are halved */
#define NEAR     32 /* bytes by which the second guess is often wrong */

static const unsigned char *fanout(const rc_git_index_t *index)
{
    return index->at + (index->v2 ? V2_HEAD : 0);
}

bool rc_git_index_read(rc_git_index_t *index)
{
    size_t least = V2_HEAD + FANOUT, entry;

    if (index->size < least)
        return false;
    index->v2 = !memcmp(index->at, V2_MAGIC, 4) && rc_git_number(index->at + 4) == 2;
    index->count = rc_git_number(fanout(index) + FANOUT - 4);
    entry = RC_GIT_RAW + (index->v2 ? 8 : 4);
    return index->size >= (index->v2 ? least : FANOUT) + index->count * entry;
}

static const unsigned char *v2_offsets(const rc_git_index_t *index)
{
    return fanout(index) + FANOUT + (size_t)index->count * (RC_GIT_RAW + 4);
}

static apr_uint64_t offset_at(const rc_git_index_t *index, apr_uint32_t n)
{
    const unsigned char *end = index->at + index->size, *offsets, *large;
    apr_uint32_t offset;

    if (!index->v2)
        return rc_git_number(index->at + FANOUT + (size_t)n * (4 + RC_GIT_RAW));
    offsets = v2_offsets(index);
    offset = rc_git_number(offsets + (size_t)n * 4);
    if (!(offset & 0x80000000))
        return offset;
    large = offsets + (size_t)index->count * 4 + (size_t)(offset & 0x7fffffff) * 8;
    return end - large < 8 ? 0
                           : (apr_uint64_t)rc_git_number(large) << 32 | rc_git_number(large + 4);
}

/* Compares two ids as memcmp does; the first bytes nearly always differ. */
static int id_order(const unsigned char *a, const unsigned char *b)
{
    apr_uint32_t x = rc_git_number(a), y = rc_git_number(b);

    return x == y ? memcmp(a, b, RC_GIT_RAW) : x < y ? -1 : 1;
}

/* The id at the place @a at of the sorted ones. */
static const unsigned char *id_at(const rc_git_index_t *index, apr_uint32_t at)
{
    const unsigned char *first = fanout(index) + FANOUT;

    return index->v2 ? first + (size_t)at * RC_GIT_RAW : first + 4 + (size_t)at * (RC_GIT_RAW + 4);
}

/* Sets the place where the id is, if all are spread evenly. */
static void guess(rc_git_search_t *search)
{
    apr_uint64_t span = (apr_uint64_t)search->last - search->first + 1;
    apr_uint64_t before = rc_git_number(search->id.id) - search->first;

    search->at = search->low + (apr_uint32_t)(before * (search->high - search->low) / span);
}

void rc_git_search_begin(rc_git_search_t *search, const rc_git_index_t *index,
                         const unsigned char *id)
{
    git_oid_fromraw(&search->id, id);
    search->first = (apr_uint32_t)*id << 24;
    search->last = search->first | 0xffffff;
    search->low = *id ? rc_git_number(fanout(index) + (*id - 1) * 4) : 0;
    search->high = rc_git_number(fanout(index) + *id * 4);
    if (search->high > index->count)
        search->high = search->low; /* the index is damaged */
    if (search->low >= search->high)
        return;
    guess(search);
    __builtin_prefetch(id_at(index, search->at));
}

/* Looks at the next place; returns whether the id is there. Else what is searched becomes the part
 * before or after that place. */
static bool look_once(rc_git_search_t *search, const rc_git_index_t *index)
{
    const unsigned char *there = id_at(index, search->at);
    int cmp = id_order(there, search->id.id);

    if (cmp < 0) {
        search->low = search->at + 1;
        search->first = rc_git_number(there);
    } else if (cmp > 0) {
        search->high = search->at;
        search->last = rc_git_number(there);
    }
    return !cmp;
}

void rc_git_search_continue(rc_git_search_t *search, const rc_git_index_t *index)
{
    if (search->low >= search->high)
        return;
    if (!look_once(search, index) && search->low < search->high)
        guess(search);
    __builtin_prefetch(id_at(index, search->at) - NEAR);
    __builtin_prefetch(id_at(index, search->at) + NEAR);
    if (index->v2)
        __builtin_prefetch(v2_offsets(index) + (size_t)search->at * 4);
}

apr_uint64_t rc_git_search_end(rc_git_search_t *search, const rc_git_index_t *index)
{
    int looks;

    for (looks = 1; search->low < search->high; looks++) {
        if (look_once(search, index))
            return offset_at(index, search->at);
        if (looks >= GUESSES)
            search->at = search->low + (search->high - search->low) / 2;
        else if (search->low < search->high)
            guess(search);
    }
    return 0;
}

apr_uint64_t rc_git_index_find(const rc_git_index_t *index, const unsigned char *id)
{
    rc_git_search_t search;

    rc_git_search_begin(&search, index, id);
    return rc_git_search_end(&search, index);
}
