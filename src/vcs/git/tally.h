// SPDX-License-Identifier: Apache-2.0
/*
 * Counts the packs and loose objects of a repository, from the names of its files.
 */
#ifndef RC_VCS_GIT_TALLY_H
#define RC_VCS_GIT_TALLY_H

#include <stdbool.h>

#include "base/err.h"

typedef struct rc_git_object_count_t {
    int packs;         /* without those that a .keep file excludes from packing */
    int loose;         /* objects that are files of their own */
    bool bitmap;       /* there is an index of what commits reach */
    bool borrows;      /* objects/info/alternates exists */
    apr_off_t largest; /* bytes of the largest pack */
    apr_off_t bytes;   /* of all packs and counted loose objects */
} rc_git_object_count_t;

/** Counts the objects of the repository in @a git_dir, of loose ones at most @a most_loose (0 =
 * all) and their bytes only when it counts all. */
rc_err_t *rc_git_count_objects(rc_git_object_count_t *tally, const char *git_dir, int most_loose,
                               apr_pool_t *pool);

#endif
