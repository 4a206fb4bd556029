// SPDX-License-Identifier: Apache-2.0
/*
 * Steps of disk changes, shared by making changes (disk_transaction.c) and repairing them
 * (disk_recovery.c).
 *
 * <root>/.rc_tmp holds: T.op, the intention of a change with token T, locked by the process that
 * works on it; T.done, a change that is over, whose token the next change takes out of the
 * database; directories, each locked by its process. What is not locked was left by a crash.
 * New entries are made under a shared lock of .rc_tmp itself and repair runs under an exclusive
 * one, so that repair never sees an entry between its making and its locking.
 */
#ifndef RC_DOMAIN_DISK_STEP_H
#define RC_DOMAIN_DISK_STEP_H

#include "domain/disk_transaction.h"

typedef struct rc_move_t {
    const char *from, *to; /* absolute; from "": a directory that was not there and is made */
} rc_move_t;

/** Locks .rc_tmp itself (LOCK_SH, LOCK_EX); the descriptor keeps the lock. -1 when that fails. */
int rc_work_lock(const rc_env_t *env, int how);

/** Makes one step. An existing target is RC_E_FAILED. */
rc_err_t *rc_move_make(const rc_env_t *env, const rc_move_t *move, apr_pool_t *pool);

/** Takes back the first @a n steps (of rc_move_t), the last one first; what fails is logged. */
void rc_move_undo(const rc_env_t *env, const apr_array_header_t *list, int n, apr_pool_t *pool);

/** Makes the steps durable and turns the intention @a op into a change that is over. */
void rc_move_finish(const char *op, const apr_array_header_t *list, apr_pool_t *pool);

#endif
