// SPDX-License-Identifier: Apache-2.0
/*
 * Remembers which file is at a path of a commit: finding it means to unpack a commit and a tree for
 * each directory. It is true for ever, since objects do not change. A table of sets, in each of
 * which the least recently used place is replaced.
 */
#include "memo.h"

#include <stdlib.h>
#include <string.h>

#include <git2.h>

#define SETS 256 /* of entries with equal hashes */
#define WAYS 4   /* of a set; the least recently used one is replaced */

struct rc_git_memo_t {
    rc_git_place_t *at[SETS][WAYS];
    apr_size_t bytes;
};

/* A commit's id is random; of the path all bytes count. */
static rc_git_place_t **set_of(rc_git_memo_t *memo, const git_oid *commit, const char *path)
{
    unsigned hash = (unsigned)commit->id[0] << 8 | commit->id[1];

    for (; *path; path++)
        hash = hash * 31 + (unsigned char)*path;
    return memo->at[hash % SETS];
}

/* Moves the one in the way @a i to the front. */
static void use_place(rc_git_place_t **set, int i)
{
    rc_git_place_t *place = set[i];

    memmove(set + 1, set, (size_t)i * sizeof(*set));
    *set = place;
}

static apr_size_t weight_of(const rc_git_place_t *place)
{
    return place ? sizeof(*place) + strlen(place->path) + 1 : 0;
}

rc_git_memo_t *rc_git_memo_make(void)
{
    return calloc(1, sizeof(rc_git_memo_t));
}

void rc_git_memo_free(rc_git_memo_t *memo)
{
    int i, j;

    for (i = 0; memo && i < SETS; i++)
        for (j = 0; j < WAYS; j++)
            free(memo->at[i][j]);
    free(memo);
}

apr_size_t rc_git_memo_weight(const rc_git_memo_t *memo)
{
    return memo ? sizeof(*memo) + memo->bytes : 0;
}

const rc_git_place_t *rc_git_memo_find(rc_git_memo_t *memo, const git_oid *commit, const char *path)
{
    rc_git_place_t **set = set_of(memo, commit, path);
    int i;

    for (i = 0; i < WAYS; i++)
        if (set[i] && git_oid_equal(&set[i]->commit, commit) && !strcmp(set[i]->path, path)) {
            use_place(set, i);
            return *set;
        }
    return NULL;
}

void rc_git_memo_keep(rc_git_memo_t *memo, rc_git_place_t *place)
{
    rc_git_place_t **set = set_of(memo, &place->commit, place->path);

    memo->bytes += weight_of(place) - weight_of(set[WAYS - 1]);
    free(set[WAYS - 1]);
    set[WAYS - 1] = place;
    use_place(set, WAYS - 1);
}
