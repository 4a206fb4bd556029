// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one git command on a repository of this server; no remote takes part.
 */
#ifndef RC_VCS_GIT_RUN_H
#define RC_VCS_GIT_RUN_H

#include <apr_file_io.h>

#include "base/work.h"

/**
 * Runs git (@a argv, terminated by NULL) on the git directory @a git_dir, in a clean environment.
 * The child keeps @a lock (a descriptor, 0 = none) open until it ends. Without @a work it completes
 * even if this process is killed; with it, it ends with this process or when the work's limits are
 * reached. RC_E_FAILED with git's messages when it fails.
 */
rc_err_t *rc_git_run(const char *git_dir, const char *const *argv, int lock, rc_work_t *work,
                     apr_pool_t *pool);

/**
 * Runs git to read from @a git_dir and writes its output to @a out from the current position on, up
 * to a file size of @a max bytes. It ends with this process, or when the limits of @a work are
 * reached. RC_E_INTERNAL with git's messages when it fails.
 */
rc_err_t *rc_git_output(apr_file_t *out, apr_off_t max, const char *git_dir,
                        const char *const *argv, rc_work_t *work, apr_pool_t *pool);

#endif
