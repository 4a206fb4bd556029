// SPDX-License-Identifier: Apache-2.0
/*
 * Checks the config of a repository for settings that do not belong on a server.
 */
#ifndef RC_VCS_GIT_CHECK_CONFIG_H
#define RC_VCS_GIT_CHECK_CONFIG_H

#include "base/err.h"

/** Sets *@a problem to a text in @a pool that names the settings; NULL when there are none. */
rc_err_t *rc_git_check_config(const char **problem, const char *git_dir, apr_pool_t *pool);

#endif
