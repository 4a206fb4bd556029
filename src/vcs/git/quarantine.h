// SPDX-License-Identifier: Apache-2.0
/*
 * A temporary bare git repository that borrows the objects of a real one. Objects from outside stay
 * in it until they are known to be complete.
 */
#ifndef RC_VCS_GIT_QUARANTINE_H
#define RC_VCS_GIT_QUARANTINE_H

#include <stdbool.h>

#include "base/err.h"

/** Creates a quarantine in @a work_dir for the repository at @a repo_path (absolute). */
rc_err_t *rc_quarantine_make(const char **path, const char *work_dir, const char *repo_path,
                             apr_pool_t *pool);

/** Returns the bytes of its own objects, without indexes. Needs no pool, as it is called while git
 * writes. */
apr_off_t rc_quarantine_size(const char *path);

/** True when it contains loose objects. */
bool rc_quarantine_has_loose(const char *path);

/** Moves its packs into the repository at @a repo_path, durably. */
rc_err_t *rc_quarantine_publish(const char *path, const char *repo_path, apr_pool_t *pool);

/** Moves its loose objects into the repository at @a repo_path, durably: each costs a wait for the
 * disk, so it is for the few of a merge. */
rc_err_t *rc_quarantine_publish_loose(const char *path, const char *repo_path, apr_pool_t *pool);

/** Removes it with all its contents. */
void rc_quarantine_remove(const char *path);

#endif
