// SPDX-License-Identifier: Apache-2.0
/*
 * Changes many references of a repository at once: writes all of them into a new packed-refs, which
 * one rename puts in place. After a crash at any moment the repository has either all new
 * references or all old ones, and no lock is left that blocks the next change.
 */
#ifndef RC_VCS_GIT_PUBLISH_H
#define RC_VCS_GIT_PUBLISH_H

#include "ref_list.h"

typedef struct rc_publish_t {
    const char *path;            /* of the bare repository */
    const char *work;            /* a directory of our own, on the same file system */
    rc_ref_list_t *theirs;       /* the branches and tags that the repository gets */
    apr_pool_t *pool;            /* errors live in it */
    apr_pool_t *files;           /* files are closed when it ends */
    apr_pool_t *scratch;         /* cleared now and then */
    apr_array_header_t *changes; /* of rc_ref_t: references to create, move or delete */
    bool unpacked;               /* some of them are loose: pack them first */
    apr_file_t *file;            /* the new packed-refs, under flock while it is the lock */
    const char *lock;            /* its name as the repository's lock; NULL = not taken */
} rc_publish_t;

/**
 * Computes the changes from the branches and tags @a ours to publish->theirs. References that only
 * @a ours has stay, unless they collide with one of theirs.
 */
rc_err_t *rc_publish_plan(rc_publish_t *publish, const rc_ref_list_t *ours);

/** Writes the new packed-refs as the repository's lock and syncs it. The caller holds the
 * repository's write lock. */
rc_err_t *rc_publish_prepare(rc_publish_t *publish);

/** Renames it into place, durably. */
rc_err_t *rc_publish_commit(rc_publish_t *publish);

/** Removes what rc_publish_prepare made. */
void rc_publish_cancel(rc_publish_t *publish);

/** Sets HEAD to @a branch, durably. */
rc_err_t *rc_publish_head(const rc_publish_t *publish, const char *branch);

#endif
