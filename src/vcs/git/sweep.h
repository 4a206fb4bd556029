// SPDX-License-Identifier: Apache-2.0
/*
 * Removes temporary files and locks that git programs leave when they are killed.
 */
#ifndef RC_VCS_GIT_SWEEP_H
#define RC_VCS_GIT_SWEEP_H

#include <time.h>

#include "base/err.h"

#define RC_GIT_LEFTOVER (2 * 3600) /* seconds without a change, after which a file is one */

/** Removes the temporary files of packing in @a git_dir that have changed since @a since (a file
 * time): those of a program that the caller has started then, and killed. */
void rc_git_sweep_packing(const char *git_dir, time_t since, apr_pool_t *pool);

#endif
