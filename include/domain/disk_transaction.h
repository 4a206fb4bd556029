// SPDX-License-Identifier: Apache-2.0
/*
 * Changes of the disk that stand or fall with a database transaction. A change is a list of
 * renames below the repository root. Its intention is written to <root>/.rc_tmp first; the
 * transaction records its token; so whoever comes after a crash knows whether to finish or undo.
 *
 *     moves = rc_disk_txn_begin(env, pool);
 *     rc_disk_txn_made(moves, from);                 what was made in .rc_tmp, before the
 * transaction rc_disk_txn_add(moves, from, to);              absolute paths below the root in the
 * transaction: rc_disk_txn_apply(moves, db); after it: rc_disk_txn_end(moves, committed);
 */
#ifndef RC_DOMAIN_DISK_TRANSACTION_H
#define RC_DOMAIN_DISK_TRANSACTION_H

#include "domain/env.h"

/* Below the root: what was in the way of changes, in a directory for each change, at the path that
 * it had. */
#define RC_LEFT "/.rc_left/"

#define RC_UNKNOWN_REPOSITORY                                                                      \
    "%s is a repository that is not in the database: rescan_repos adds it, or says why not"

typedef struct rc_disk_txn_t rc_disk_txn_t;

/** Starts a change; nothing happens yet. Lives in @a pool. */
rc_disk_txn_t *rc_disk_txn_begin(rc_env_t *env, apr_pool_t *pool);

/** What stands at @a path, below .rc_tmp, is complete: makes it durable, so that a power cut after
 * the answer does not take it. It takes time: outside of transactions. */
rc_err_t *rc_disk_txn_made(rc_disk_txn_t *moves, const char *path);

/** @a from will become @a to, which must not exist then. Missing directories of @a to are made. */
void rc_disk_txn_add(rc_disk_txn_t *moves, const char *from, const char *to);

/** Inside the transaction, when all else is done: writes the intention, records its token, renames;
 * nothing if no rename was added. Nothing leaves .rc_tmp without rc_disk_txn_made. What stands at
 * a target is unknown to the database: it is set aside, below RC_LEFT, and reported in the log; but
 * a repository there, which rescan_repos can add, is RC_E_FAILED. When a step fails, those before
 * it are taken back. */
rc_err_t *rc_disk_txn_apply(rc_disk_txn_t *moves, rc_db_t *db);

/** After the transaction: makes the renames durable and forgets the intention, or, when it was not
 * committed, undoes it. */
void rc_disk_txn_end(rc_disk_txn_t *moves, bool committed);

/** A new private directory in <root>/.rc_tmp, held by this process until @a pool ends, when it and
 * what is left in it is removed. */
rc_err_t *rc_work_dir(const char **path, rc_env_t *env, apr_pool_t *pool);

/** Finishes or undoes what crashed processes left, and removes their directories in .rc_tmp. */
rc_err_t *rc_disk_txn_recover(rc_env_t *env, apr_pool_t *pool);

/** Finishes or undoes what crashed processes left of their changes, while others go on. *@a busy:
 * there are still changes under way. At the start of a write transaction, so that nothing is
 * decided by a half changed tree; and for whoever misses something that should be on the disk. */
rc_err_t *rc_disk_txn_settle(bool *busy, rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** What rc_disk_txn_recover would see to: names (const char *) of entries of .rc_tmp. */
rc_err_t *rc_disk_txn_unfinished(apr_array_header_t **names, rc_env_t *env, apr_pool_t *pool);

#endif
