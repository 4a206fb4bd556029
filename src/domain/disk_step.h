// SPDX-License-Identifier: Apache-2.0
/*
 * The steps of disk changes, shared by disk_transaction.c, which makes changes, and
 * disk_recovery.c, which recovers them by what disk_left.c finds.
 *
 * <root>/.rc_tmp contains: T.op, the intention of the change with token T, locked by its process;
 * T.done, a finished change, whose token the next change deletes from the database; directories,
 * each locked by its process. An entry without a lock was left by a process that died. New entries
 * are made under a shared lock of .rc_tmp itself (the gate), and recovery runs under an exclusive
 * one, so that recovery never sees an entry after its creation and before its lock. Between several
 * machines the lock of a directory is one of the database (env_lock.h), and intentions are made and
 * judged in write transactions, which run one at a time.
 */
#ifndef RC_DOMAIN_DISK_STEP_H
#define RC_DOMAIN_DISK_STEP_H

#include "domain/disk_transaction.h"

typedef struct rc_move_t {
    const char *from, *to; /* absolute; with from "" the directory `to` is created */
} rc_move_t;

/** Locks .rc_tmp itself (LOCK_SH, LOCK_EX). Returns a descriptor, whose close releases the lock; -1
 * on failure. */
int rc_work_lock(const rc_env_t *env, int how);

/** Makes one step. Returns RC_E_FAILED when the target exists. */
rc_err_t *rc_move_make(const rc_env_t *env, const rc_move_t *move, apr_pool_t *pool);

/** Undoes the first @a n steps of @a list (rc_move_t) in reverse order; failures are logged. */
void rc_move_undo(const rc_env_t *env, const apr_array_header_t *list, int n, apr_pool_t *pool);

/** Syncs the steps and renames the intention @a op to T.done; failures are logged. */
void rc_move_finish(const char *op, const apr_array_header_t *list, apr_pool_t *pool);

/* -- disk_left.c -- */

/** Sets *@a path when the entry @a name was left by a process that died: nothing holds its lock,
 * which @a pool keeps then. Accepts only intentions, or with @a ops false only directories; else
 * leaves *@a path NULL. */
rc_err_t *rc_left_find(const char **path, const rc_env_t *env, const char *name, bool ops,
                       apr_pool_t *pool);

/** Visits what was left; an error of @a fn is logged. */
typedef struct rc_left_visit_t {
    const rc_env_t *env;
    bool ops; /* intentions; else directories */
    rc_err_t *(*fn)(void *baton, const char *path, const char *name, apr_pool_t *scratch);
    void *baton;
} rc_left_visit_t;

/** For a caller that holds the gate alone (LOCK_EX). */
rc_err_t *rc_left_visit(const rc_left_visit_t *visit, apr_pool_t *pool);

/** Holds the gate alone meanwhile. */
rc_err_t *rc_left_visit_alone(const rc_left_visit_t *visit, apr_pool_t *pool);

/** Adds to @a names (const char *) the entries that were left. */
rc_err_t *rc_left_list(apr_array_header_t *names, const rc_env_t *env, bool ops);

/** Lists the tokens (const char *) of all intentions, left or not. */
rc_err_t *rc_left_tokens(apr_array_header_t **tokens, const rc_env_t *env, apr_pool_t *pool);

#endif
