// SPDX-License-Identifier: Apache-2.0
/*
 * Creates, checks, repairs and copies the data of an installation as a whole: the database and what
 * it describes on the disk.
 */
#ifndef RC_DOMAIN_DATA_H
#define RC_DOMAIN_DATA_H

#include <apr_tables.h>

#include "domain/env.h"
#include "db/copy.h"
#include "domain/user.h"

/** Returns the value that a setting has in a new database; NULL for a name that none has there. */
const char *rc_data_preset(const char *name);

/** Creates the database of @a config with the server settings of contract 04 §6, the default user
 * and the administrator @a admin, and opens *@a env and *@a db on it; they end with @a pool. With
 * @a anonymous, visitors without a key can read public repositories. Replaces a former database,
 * but only when the new one is complete; after an error the former one is back, or the message says
 * where it is. The repository root and the secret must exist. */
rc_err_t *rc_data_create(rc_env_t **env, rc_db_t **db, const rc_env_config_t *config,
                         bool anonymous, const rc_new_user_t *admin, apr_pool_t *pool);

/** Copies the database @a source into @a target, which must not exist or have no rows, and may be
 * of another kind. *@a tables: see rc_db_copy. After an error a target that did not exist does not.
 * No server may be running on either: it would go on with its own. */
rc_err_t *rc_data_migrate(apr_array_header_t **tables, const rc_db_config_t *target,
                          const rc_db_config_t *source, apr_pool_t *pool);

/** Checks that the database, the secret and the disk agree. *@a problems is an array of sentences
 * (const char *) in @a pool, empty when they do. */
rc_err_t *rc_data_check(apr_array_header_t **problems, rc_env_t *env, rc_db_t *db,
                        apr_pool_t *pool);

/** Repairs what rc_data_check reports and what a program can repair: changes that a crash left
 * unfinished, the default user, damaged repositories and gists, and gists that the database does
 * not have. Logs each repair of a repository or gist. */
rc_err_t *rc_data_repair(rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Copies the database in its current state to a private temporary file *@a path, which is removed
 * when @a pool ends. See rc_db_backup for a copy that stays. */
rc_err_t *rc_data_copy(const char **path, rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

#endif
