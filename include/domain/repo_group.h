// SPDX-License-Identifier: Apache-2.0
/*
 * Repository groups, right in the database and on the disk: each has a directory. What changes
 * them runs inside the caller's write transaction and adds what is to be renamed to @a moves,
 * which the caller applies (domain/moves.h). An unusable or taken name is RC_E_FAILED or
 * RC_E_CONFLICT.
 */
#ifndef RC_DOMAIN_REPO_GROUP_H
#define RC_DOMAIN_REPO_GROUP_H

#include "domain/disk_transaction.h"
#include "store/repo.h"
#include "store/user.h"

typedef struct rc_new_repo_group_t {
    rc_repo_group_t row; /* name, parent_id, description; its id is set */
    const rc_user_t *owner;
    bool copy_permissions; /* of the parent */
    const char *path;      /* an empty directory below .rc_tmp, which becomes the group's */
} rc_new_repo_group_t;

rc_err_t *rc_model_repo_group_create(rc_new_repo_group_t *group, rc_env_t *env, rc_db_t *db,
                                     rc_disk_txn_t *moves, apr_pool_t *pool);

typedef struct rc_repo_group_change_t {
    const char *last;              /* the new last part of its path */
    const rc_repo_group_t *parent; /* the new parent; NULL = top level */
    const char *description;
    apr_int64_t owner_id;
    const bool *enable_locking; /* for it and all below it; NULL = as they are */
} rc_repo_group_change_t;

/** Changes a group; a new name or parent moves its directory and renames all that is below.
 * @a repos: names (const char *) that repositories had before, when they changed. */
rc_err_t *rc_model_repo_group_update(apr_array_header_t **repos, const rc_repo_group_t *group,
                                     const rc_repo_group_change_t *change, rc_env_t *env,
                                     rc_db_t *db, rc_disk_txn_t *moves, apr_pool_t *pool);

struct rc_locks_t; /* domain/repo.h */

/**
 * Locks the directory of a group that is to be renamed; outside of transactions. Nobody pulls into
 * a repository below it then, nor renames one. RC_E_FAILED when it is not there, or somebody is at
 * work in it.
 */
rc_err_t *rc_model_repo_group_lock(struct rc_locks_t *locks, rc_env_t *env, rc_db_t *db,
                                   const rc_repo_group_t *group);

/** Deletes a group in which nothing is; its directory goes aside. */
rc_err_t *rc_model_repo_group_delete(const rc_repo_group_t *group, rc_env_t *env, rc_db_t *db,
                                     rc_disk_txn_t *moves, apr_pool_t *pool);

#endif
