// SPDX-License-Identifier: Apache-2.0
/*
 * Lists the commits that some commits reach and others do not, by the order of a repository:
 * without reading a commit.
 */
#ifndef RC_VCS_GIT_REACH_H
#define RC_VCS_GIT_REACH_H

#include "git.h"

/**
 * Lists numbers (apr_int64_t) in @a pool, as `git rev-list` lists the ids: what @a heads reach and
 * none of @a without does (apr_uint32_t, numbers), newest first, at most @a most. The time grows
 * with the number of the newest of all. Returns false when there is no memory.
 */
bool rc_git_reach(apr_array_header_t **list, const rc_git_order_t *order,
                  const apr_array_header_t *heads, const apr_array_header_t *without, int most,
                  apr_pool_t *pool);

#endif
