// SPDX-License-Identifier: Apache-2.0
/*
 * Gists on the disk: one small git repository each, at <root>/.rc_gist_store/<access id>.
 */
#ifndef RC_DOMAIN_GIST_H
#define RC_DOMAIN_GIST_H

#include "domain/env.h"
#include "domain/disk_transaction.h"

/** Path of a gist's repository, in @a pool. */
const char *rc_model_gist_path(const rc_env_t *env, const char *access_id, apr_pool_t *pool);

/** Opens a gist's repository (rc_vcs_open); *@a id is its only commit. */
rc_err_t *rc_model_gist_open(rc_vcs_t **vcs, const char **id, rc_env_t *env, const char *access_id,
                             rc_work_t *work, apr_pool_t *pool);

/** Adds to @a moves that a gist's repository, if it is there, goes into the directory @a work. */
void rc_model_gist_remove(rc_disk_txn_t *moves, rc_env_t *env, const char *access_id,
                          const char *work, apr_pool_t *pool);

#endif
