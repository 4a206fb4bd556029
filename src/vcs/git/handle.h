// SPDX-License-Identifier: Apache-2.0
/*
 * The functions of the handle in the git back end's row; backend.h says what they do.
 */
#ifndef RC_VCS_GIT_HANDLE_H
#define RC_VCS_GIT_HANDLE_H

#include "git.h"

rc_err_t *rc_git_open(void **repo, const char *path, apr_pool_t *pool);
bool rc_git_reuse(void *repo);
void rc_git_set_work(void *repo, rc_work_t *work);
void rc_git_close(void *repo);

#endif
