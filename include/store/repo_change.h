// SPDX-License-Identifier: Apache-2.0
/*
 * Changes the rows of repositories: update, delete, forks, locks, extra fields. Also lists the
 * plain names of all repositories and groups, for a comparison with the disk.
 */
#ifndef RC_STORE_REPO_CHANGE_H
#define RC_STORE_REPO_CHANGE_H

#include "remote/remote.h"
#include "store/repo.h"

#define RC_FIELDS_MOST 100 /* extra fields of a repository */

typedef struct rc_named_t {
    apr_int64_t id;
    const char *name; /* full path */
} rc_named_t;

/** Stores @a repo: name, ids of owner, group and fork parent, flags, texts. RC_E_CONFLICT on
 * repo.repo_name for a duplicate name. */
rc_err_t *rc_store_repo_update(rc_db_t *db, const rc_repo_t *repo);

/** Deletes a repository and what belongs to it; its forks lose their parent. */
rc_err_t *rc_store_repo_delete(rc_db_t *db, apr_int64_t repo_id);

/** Number of direct forks on which @a viewer has @a level. */
rc_err_t *rc_store_repo_fork_count(apr_int64_t *count, rc_db_t *db, rc_viewer_t viewer,
                                   apr_int64_t repo_id, rc_level_t level);

/** Returns the repository, its forks, their forks and so on, by id: array of rc_named_t. */
rc_err_t *rc_store_repo_with_forks(apr_array_header_t **names, rc_db_t *db, apr_int64_t repo_id,
                                   apr_pool_t *pool);

/** The same, but follows only forks that @a viewer administers. */
rc_err_t *rc_store_repo_with_forks_of(apr_array_header_t **names, rc_db_t *db, rc_viewer_t viewer,
                                      apr_int64_t repo_id, apr_pool_t *pool);

/** Returns all repositories by id: array of rc_named_t. */
rc_err_t *rc_store_repo_names(apr_array_header_t **names, rc_db_t *db, apr_pool_t *pool);

/** Returns the oldest hundred of them: array of rc_named_t. */
rc_err_t *rc_store_repo_oldest(apr_array_header_t **names, rc_db_t *db, apr_pool_t *pool);

/** Returns the current name of the repository; NULL when it does not exist. */
rc_err_t *rc_store_repo_name(const char **name, rc_db_t *db, apr_int64_t repo_id, apr_pool_t *pool);

/** Records that user @a user_id has locked the repository at @a when (epoch seconds); user 0
 * unlocks it. */
rc_err_t *rc_store_repo_set_lock(rc_db_t *db, apr_int64_t repo_id, apr_int64_t user_id,
                                 apr_int64_t when, const char *reason);

/** Reads what was fetched into the repository; origin->id is NULL when nothing was. */
rc_err_t *rc_store_repo_origin(rc_origin_t *origin, rc_db_t *db, apr_int64_t repo_id,
                               apr_pool_t *pool);

/** Stores it; does nothing when origin->id is NULL. */
rc_err_t *rc_store_repo_set_origin(rc_db_t *db, apr_int64_t repo_id, const rc_origin_t *origin);

/** Sets a setting of one repository; NULL: the server's counts again. */
rc_err_t *rc_store_repo_setting_set(rc_db_t *db, apr_int64_t repo_id, const char *name,
                                    const char *value);

/** Returns a setting of one repository in @a pool; NULL when it has none. */
rc_err_t *rc_store_repo_setting(const char **value, rc_db_t *db, apr_int64_t repo_id,
                                const char *name, apr_pool_t *pool);

/** Returns the settings of a repository whose names begin with @a prefix, by name: array of
 * rc_repo_field_t. */
rc_err_t *rc_store_repo_settings(apr_array_header_t **list, rc_db_t *db, apr_int64_t repo_id,
                                 const char *prefix, apr_pool_t *pool);

/** All repository groups, deepest first: array of rc_named_t. */
rc_err_t *rc_store_repo_groups_deepest(apr_array_header_t **names, rc_db_t *db, apr_pool_t *pool);

/** Deletes a group if it has no subgroup and no repository. */
rc_err_t *rc_store_repo_group_delete_empty(bool *deleted, rc_db_t *db, apr_int64_t group_id);

/** Adds an extra field. RC_E_CONFLICT on "repo_field..." for a duplicate key; RC_E_FAILED at the
 * limit RC_FIELDS_MOST. */
rc_err_t *rc_store_repo_field_insert(rc_db_t *db, apr_int64_t repo_id, const char *key,
                                     const char *label, const char *description);
rc_err_t *rc_store_repo_field_delete(bool *deleted, rc_db_t *db, apr_int64_t repo_id,
                                     const char *key);

/** Sets the value of a field. Does nothing when there is no such field. */
rc_err_t *rc_store_repo_field_set(rc_db_t *db, apr_int64_t repo_id, const char *key,
                                  const char *value);

/** The extra fields of a repository (rc_repo_field_t), by key, in @a pool. */
rc_err_t *rc_store_repo_fields(apr_array_header_t **list, rc_db_t *db, apr_int64_t repo_id,
                               apr_pool_t *pool);

#endif
