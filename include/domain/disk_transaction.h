// SPDX-License-Identifier: Apache-2.0
/*
 * Disk transactions: changes of the disk that commit or roll back together with a database
 * transaction. A change is a list of renames below the repository root. Its intention is written to
 * <root>/.rc_tmp first, and the database transaction records its token; so the recovery after a
 * crash knows whether to finish or undo it.
 *
 *     disk = rc_disk_txn_begin(env, pool);
 *     rc_disk_txn_made(disk, from);      for what was made in .rc_tmp; before the transaction
 *     rc_disk_txn_add(disk, from, to);   absolute paths below the root
 *     rc_disk_txn_apply(disk, db);       in the transaction, which rc_disk_txn_run runs
 *     rc_disk_txn_end(disk, committed);  after it
 */
#ifndef RC_DOMAIN_DISK_TRANSACTION_H
#define RC_DOMAIN_DISK_TRANSACTION_H

#include "domain/env.h"

/* The directory below the root for what was in the way of changes: a directory for each change, in
 * which the files keep their former paths. */
#define RC_LEFT "/.rc_left/"

#define RC_UNKNOWN_REPOSITORY                                                                      \
    "%s is a repository that is not in the database: rescan_repos adds it, or says why not"

typedef struct rc_disk_txn_t rc_disk_txn_t;

/** Creates an empty change in @a pool. Does nothing on the disk. */
rc_disk_txn_t *rc_disk_txn_begin(rc_env_t *env, apr_pool_t *pool);

/** Syncs the finished tree at @a path, which is below .rc_tmp, so that it survives a power failure
 * after the answer. Slow: call it outside of transactions. */
rc_err_t *rc_disk_txn_made(rc_disk_txn_t *disk, const char *path);

/** Adds the rename of @a from to @a to, which must not exist then. Missing directories of @a to
 * will be created. Copies both paths. */
void rc_disk_txn_add(rc_disk_txn_t *disk, const char *from, const char *to);

/** Makes the change: writes the intention, records its token, renames. Call it last inside the
 * database transaction. Does nothing when no rename was added. Returns RC_E_INTERNAL for a tree in
 * .rc_tmp without rc_disk_txn_made. A file or directory at a target is unknown to the database: it
 * is moved below RC_LEFT and reported in the log; but for a repository there, which rescan_repos
 * can add, it returns RC_E_FAILED. When a step fails, the steps before it are undone. */
rc_err_t *rc_disk_txn_apply(rc_disk_txn_t *disk, rc_db_t *db);

/** Ends the change after the database transaction: when that is @a committed, syncs the renames and
 * marks the intention as done; else undoes the renames and removes the intention. */
void rc_disk_txn_end(rc_disk_txn_t *disk, bool committed);

/** Creates a private directory in <root>/.rc_tmp, locked by this process. It is removed with its
 * contents when @a pool is destroyed. */
rc_err_t *rc_work_dir(const char **path, rc_env_t *env, apr_pool_t *pool);

/** Sets *@a left to whether the process that has made the directory @a name in .rc_tmp has ended,
 * on whichever machine. */
rc_err_t *rc_work_dir_is_left(bool *left, const rc_env_t *env, const char *name, apr_pool_t *pool);

/** Recovers after crashes: finishes or undoes the changes of processes that died, and removes their
 * directories in .rc_tmp. */
rc_err_t *rc_disk_txn_recover(rc_env_t *env, apr_pool_t *pool);

/** Finishes or undoes the changes of processes that died, while other processes continue theirs;
 * *@a busy reports whether such changes are still unfinished. For when something is missing on the
 * disk. Call it outside of transactions: it needs one to undo a change. */
rc_err_t *rc_disk_txn_settle(bool *busy, rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Runs @a fn in a durable write transaction of @a db after the changes of processes that died were
 * finished or undone, so that it decides nothing by a half changed tree. Returns RC_E_FAILED
 * without running @a fn when one stays half made. */
rc_err_t *rc_disk_txn_run(rc_env_t *env, rc_db_t *db, rc_err_t *(*fn)(void *baton, rc_db_t *db),
                          void *baton, apr_pool_t *pool);

/** Lists what rc_disk_txn_recover would process: names (const char *) of entries of .rc_tmp. */
rc_err_t *rc_disk_txn_unfinished(apr_array_header_t **names, rc_env_t *env, apr_pool_t *pool);

#endif
