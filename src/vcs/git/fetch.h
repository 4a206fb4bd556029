// SPDX-License-Identifier: Apache-2.0
/*
 * Fetches from another git repository: runs git in a child process with a clean environment, limits
 * and a deadline. Needs git 2.37.
 */
#ifndef RC_VCS_GIT_FETCH_H
#define RC_VCS_GIT_FETCH_H

#include "remote/address.h"

/** Does rc_vcs_fetch after admission. Connects only to the addresses in @a url, until rc_clock()
 * reaches @a deadline. */
rc_err_t *rc_git_fetch(const rc_remote_policy_t *policy, const char *path,
                       const rc_remote_url_t *url, apr_time_t deadline, bool set_head,
                       apr_pool_t *pool);

/** Returns RC_E_FAILED when something in the file remote @a url leads below policy->forbidden, or
 * cannot be checked. Accepts all other remotes. */
rc_err_t *rc_git_check_remote(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_time_t deadline, apr_pool_t *pool);

#endif
