// SPDX-License-Identifier: Apache-2.0
/*
 * Changing many references of a repository at once: all in one new packed-refs, which one rename
 * puts in place. Whatever is killed, at whatever moment, the repository has all of the new
 * references or all of the old ones, and no lock stays that the next one would wait for.
 */
#ifndef RC_VCS_GIT_PUBLISH_H
#define RC_VCS_GIT_PUBLISH_H

#include "ref_list.h"

typedef struct rc_publish_t {
    const char *path;            /* of the bare repository */
    const char *work;            /* a directory of our own, on the same file system */
    rc_ref_list_t *theirs;       /* branches and tags that the repository is to have */
    apr_pool_t *pool;            /* errors live in it */
    apr_pool_t *files;           /* closes the files when it ends */
    apr_pool_t *scratch;         /* cleared now and then */
    apr_array_header_t *changes; /* of rc_ref_t: what is made, moved or removed */
    bool unpacked;               /* some of them are in files of their own: pack them first */
    apr_file_t *file;            /* the new packed-refs, locked while it is one */
    const char *lock;            /* its name as the repository's lock; NULL = not taken */
} rc_publish_t;

/**
 * Finds what changes when a repository with the branches and tags @a ours gets publish->theirs:
 * references that theirs lacks stay, unless one of theirs could not be made beside them.
 */
rc_err_t *rc_publish_plan(rc_publish_t *publish, const rc_ref_list_t *ours);

/** Writes the new packed-refs as the repository's lock and syncs it. The caller holds the
 * repository's write lock. */
rc_err_t *rc_publish_prepare(rc_publish_t *publish);

/** Puts it in place, durably. */
rc_err_t *rc_publish_commit(rc_publish_t *publish);

/** Gives up what was prepared. */
void rc_publish_cancel(rc_publish_t *publish);

/** Points HEAD to @a branch, durably. */
rc_err_t *rc_publish_head(const rc_publish_t *publish, const char *branch);

#endif
