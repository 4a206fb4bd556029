// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the items of revisions in their file, and deltas that would never end. Each file below
 * calls only the files that follow it here.
 */
#ifndef RC_VCS_SVN_ITEMS_H
#define RC_VCS_SVN_ITEMS_H

#include "svn.h"

/* A file with one revision, or a pack with all of a directory. */
typedef struct rc_svn_revs_t {
    const char *data;
    apr_size_t len;
    svn_revnum_t first;
    apr_int64_t count;
} rc_svn_revs_t;

/* -- deltas.c: rc_svn_inspect -- */

/* -- items.c -- */

/** Calls @a fn with the revision and the offset of each item that the index at the end of the file
 * has, as far as libsvn would read it. */
void rc_svn_each_item(const rc_svn_revs_t *revs,
                      void (*fn)(void *baton, svn_revnum_t rev, apr_size_t offset), void *baton,
                      apr_pool_t *scratch);

#endif
