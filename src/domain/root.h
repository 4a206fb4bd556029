// SPDX-License-Identifier: Apache-2.0
/*
 * Whether the repository root is the one of the database.
 */
#ifndef RC_DOMAIN_ROOT_H
#define RC_DOMAIN_ROOT_H

#include "domain/env.h"

/** Refuses an empty root when the database has repositories: its file system is not mounted. To
 * serve would make repositories where other servers do not find them, and delete them from the
 * database alone. Logs when something is there, but none of them: a database that was restored can
 * be older than all that is on the disk. */
rc_err_t *rc_root_check(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

#endif
