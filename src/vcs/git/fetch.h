// SPDX-License-Identifier: Apache-2.0
/*
 * Fetching from another git repository, by git in a child process with a clean environment, limits
 * and a deadline. Needs git 2.37.
 */
#ifndef RC_VCS_GIT_FETCH_H
#define RC_VCS_GIT_FETCH_H

#include "remote/address.h"

/** rc_vcs_fetch after admission: asks only the addresses in @a url, until rc_clock() says @a
 * deadline. */
rc_err_t *rc_git_fetch(const rc_remote_policy_t *policy, const char *path,
                       const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                       apr_pool_t *pool);

/** Is there nothing in the file remote @a url that leads below policy->forbidden? RC_E_FAILED says
 * what. Other remotes are fine. */
rc_err_t *rc_git_check_remote(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_time_t deadline, apr_pool_t *pool);

#endif
