// SPDX-License-Identifier: Apache-2.0
/*
 * What repository groups need when they are made, moved or deleted. Private to src/domain.
 */
#ifndef RC_DOMAIN_REPO_GROUP_TREE_H
#define RC_DOMAIN_REPO_GROUP_TREE_H

#include "domain/actor.h"
#include "domain/disk_transaction.h"

/** May a group be called @a name? Groups among themselves are kept apart by a constraint; groups
 * and repositories are not. */
rc_err_t *rc_repo_group_check_name(rc_db_t *db, const char *name, apr_int64_t user_id,
                                   apr_pool_t *pool);

/** Adds the rename of a group's directory. There may be none: nothing was ever in the group, and
 * somebody tidied up. */
rc_err_t *rc_repo_group_move(const char *from, const char *to, rc_actor_t *actor,
                             rc_disk_txn_t *moves);

#endif
