// SPDX-License-Identifier: Apache-2.0
/*
 * Recognises directories on NFS, and mounts that several machines cannot work on at once (contract
 * 11 §4).
 */
#ifndef RC_BASE_NFS_H
#define RC_BASE_NFS_H

#include <stdbool.h>

#include <apr_pools.h>
#include <apr_time.h>

/** Returns whether @a path is on NFS. */
bool rc_nfs_is(const char *path);

/** Returns which mount options of @a path, which is on NFS, let machines see old directories or
 * lose locks, and which would not; NULL when they are good. */
const char *rc_nfs_faults(const char *path, apr_pool_t *pool);

/** The same for the options as /proc/self/mountinfo lists them. */
const char *rc_nfs_option_faults(const char *options, apr_pool_t *pool);

/** Returns how far the clock of the file server of @a path, a directory of this account, is behind
 * that of this machine; 0 when it is not. Sets the time of the directory to find out. */
apr_time_t rc_nfs_behind(const char *path);

#endif
