// SPDX-License-Identifier: Apache-2.0
/*
 * A throw-away bare git repository that borrows the objects of a real one: what comes from outside
 * stays in it until it is known to be whole.
 */
#ifndef RC_VCS_GIT_QUARANTINE_H
#define RC_VCS_GIT_QUARANTINE_H

#include <stdbool.h>

#include "base/err.h"

/** Makes one in @a work_dir for the repository at @a repo_path (absolute). */
rc_err_t *rc_quarantine_make(const char **path, const char *work_dir, const char *repo_path,
                             apr_pool_t *pool);

/** Bytes of its own objects, indexes not counted. Needs no pool: asked while git writes. */
apr_off_t rc_quarantine_size(const char *path);

/** True when it holds objects that are not in packs. */
bool rc_quarantine_has_loose(const char *path);

/** Moves its packs into the repository at @a repo_path, durably. */
rc_err_t *rc_quarantine_publish(const char *path, const char *repo_path, apr_pool_t *pool);

/** Removes it and all that is in it. */
void rc_quarantine_remove(const char *path);

#endif
