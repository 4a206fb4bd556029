// SPDX-License-Identifier: Apache-2.0
/*
 * The repository root, looked through: what is there, what of it the database does not know, and
 * what it knows that is not there.
 */
#ifndef RC_SCAN_H
#define RC_SCAN_H

#include <apr_tables.h>

#include "rc_env.h"
#include "rc_journal.h"

/** Does a repository stand at @a path, as far as the names in it tell? It is not opened. */
bool rc_model_is_repository(const char *path, apr_pool_t *pool);

/** The same, whatever its HEAD is, and without one. */
bool rc_model_could_be_repository(const char *path, apr_pool_t *pool);

/** Full names (const char *) of all repositories below the root, sorted: bare ones, and work trees
 * with their .git folder. Skips files, names that begin with a dot, removed repositories, folders
 * that may not be read, and does not look into repositories. */
rc_err_t *rc_model_scan(apr_array_header_t **names, const rc_env_t *env, apr_pool_t *pool);

/** Adds those that the database does not have, with missing groups; *@a added are their names.
 * What cannot be opened is no repository. The journal tells it of @a actor (NULL: nobody). */
rc_err_t *rc_model_scan_add(apr_array_header_t **added, rc_env_t *env, rc_db_t *db,
                            const rc_actor_t *actor, rc_changeset_json_fn *changeset_json,
                            apr_pool_t *pool);

/** Deletes from the database what the disk does not have: repositories, then groups left without
 * anything and without a folder. *@a removed are their names. The disk is not touched. */
rc_err_t *rc_model_scan_remove(apr_array_header_t **removed, rc_env_t *env, rc_db_t *db,
                               const rc_actor_t *actor, apr_pool_t *pool);

/** Mends what can be mended in repositories and gists: HEADs that name nothing, gists that the
 * database does not know. What it does is logged. */
rc_err_t *rc_model_mend(rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Do database, secret and disk agree? *@a problems (const char *) is empty when they do. */
rc_err_t *rc_model_check(apr_array_header_t **problems, rc_env_t *env, rc_db_t *db,
                         apr_pool_t *pool);

#endif
