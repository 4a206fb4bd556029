// SPDX-License-Identifier: Apache-2.0
/*
 * The common parts of creating, moving and deleting repository groups. Private to src/domain.
 */
#ifndef RC_DOMAIN_REPO_GROUP_TREE_H
#define RC_DOMAIN_REPO_GROUP_TREE_H

#include "domain/actor.h"
#include "domain/disk_transaction.h"

/** Returns RC_E_FAILED when a group may not be called @a name, or a repository has that name. (A
 * constraint of the database rejects a second group of the name.) */
rc_err_t *rc_repo_group_check_name(rc_db_t *db, const char *name, apr_int64_t user_id,
                                   apr_pool_t *pool);

/** Adds the rename of a group's directory to @a disk, if the directory exists. An administrator
 * may have removed that of an empty group. */
rc_err_t *rc_repo_group_move(const char *from, const char *to, rc_actor_t *actor,
                             rc_disk_txn_t *disk);

#endif
