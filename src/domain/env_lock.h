// SPDX-License-Identifier: Apache-2.0
/*
 * Locks of paths below the repository root. Private to src/domain.
 */
#ifndef RC_DOMAIN_ENV_LOCK_H
#define RC_DOMAIN_ENV_LOCK_H

#include "domain/env.h"

/**
 * Locks @a path, which is below the root, until @a pool ends; with @a share others can share it.
 * Does not wait: *@a fd is the descriptor that holds the lock, -1 when somebody else holds it or
 * there is no such path. On this machine it is a lock of the file; when the database is on a
 * server, also one of the database, for all machines: *@a life as in rc_db_lock.
 */
rc_err_t *rc_env_lock(int *fd, int *life, const rc_env_t *env, const char *path, bool share,
                      apr_pool_t *pool);

/** Returns the name of that lock of the database: the path below the root, which machines may have
 * in different places. */
const char *rc_env_lock_name(const rc_env_t *env, const char *path);

#endif
