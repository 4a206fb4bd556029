// SPDX-License-Identifier: Apache-2.0
/*
 * Removes the objects that only a commit held which no branch reaches any more.
 */
#ifndef RC_VCS_GIT_DROP_H
#define RC_VCS_GIT_DROP_H

#include <git2.h>

#include "base/err.h"

/** Removes what only @a tip, a former head of the branch @a branch, reaches in @a git_dir; other
 * unreachable objects stay. The caller holds the exclusive lock of the repository. */
rc_err_t *rc_git_drop(const char *git_dir, const char *branch, const git_oid *tip,
                      apr_pool_t *pool);

#endif
