// SPDX-License-Identifier: Apache-2.0
/*
 * One git command on a repository of ours, without anything of other servers in it.
 */
#ifndef RC_VCS_GIT_RUN_H
#define RC_VCS_GIT_RUN_H

#include <apr_file_io.h>

#include "base/work.h"

/**
 * Runs git (@a argv, ended by NULL) on the git directory @a git_dir, in an environment of its own.
 * It keeps @a lock (a descriptor, 0 = none) open until it ends. Without @a work it finishes even
 * when this process dies; else it ends with this process, and when the work is used up. RC_E_FAILED
 * with its messages when it does not succeed.
 */
rc_err_t *rc_git_run(const char *git_dir, const char *const *argv, int lock, rc_work_t *work,
                     apr_pool_t *pool);

/**
 * Runs git to read from @a git_dir; what it prints goes to @a out, where it stands, in a file of
 * @a max bytes at most. It ends when this process dies, or @a work is used up. RC_E_INTERNAL with
 * its messages when it does not succeed.
 */
rc_err_t *rc_git_output(apr_file_t *out, apr_off_t max, const char *git_dir,
                        const char *const *argv, rc_work_t *work, apr_pool_t *pool);

#endif
