// SPDX-License-Identifier: Apache-2.0
/*
 * The lock of a repository by a user, as transfers see it (contract 01 §12, 06 §5). Private to
 * src/domain.
 */
#ifndef RC_DOMAIN_TRANSFER_LOCK_H
#define RC_DOMAIN_TRANSFER_LOCK_H

#include <stdbool.h>

#include "store/repo.h"

#define RC_LOCK_PULL "lock_pull" /* the reason of a lock that a pull made */

/** Returns whether the repository has a lock that counts: one of a pull only with enable_locking.
 */
bool rc_transfer_is_locked(const rc_repo_t *repo);

/** Returns whether a pull made the lock. */
bool rc_transfer_locked_by_pull(const rc_repo_t *repo);

#endif
