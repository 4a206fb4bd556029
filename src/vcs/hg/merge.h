// SPDX-License-Identifier: Apache-2.0
/*
 * What the Mercurial back end does for pull requests.
 */
#ifndef RC_VCS_HG_MERGE_H
#define RC_VCS_HG_MERGE_H

#include "../backend.h"

rc_err_t *rc_hg_offered(rc_offered_t *offered, const rc_offer_t *offer, apr_pool_t *pool);
rc_err_t *rc_hg_keep(const rc_offer_t *offer, int lock, apr_pool_t *pool);
rc_err_t *rc_hg_is_kept(bool *kept, const char *path, const char *id, apr_pool_t *pool);
rc_err_t *rc_hg_kept_before(apr_array_header_t *ids, const char *path, apr_time_t before,
                            const char *work_dir, apr_pool_t *pool);
rc_err_t *rc_hg_unkeep(const char *path, const char *id, int lock, apr_pool_t *pool);
rc_err_t *rc_hg_try_merge(rc_merge_reason_t *reason, const rc_merge_t *merge, apr_pool_t *pool);
rc_err_t *rc_hg_merge(rc_merge_reason_t *reason, const char **id, const rc_merge_t *merge,
                      apr_pool_t *pool);
rc_err_t *rc_hg_kept_diff(rc_spool_t *spool, const rc_merge_t *merge, apr_off_t most,
                          apr_pool_t *pool);

#endif
