// SPDX-License-Identifier: Apache-2.0
/*
 * Finds, creates, moves and removes the files of an SQLite database: the database itself, its -wal
 * and -shm files, the lock file on which writers queue, the ring in which they record their
 * commits, and the file of waiting lines. Private to src/db/sqlite.
 */
#ifndef RC_DB_SQLITE_FILE_H
#define RC_DB_SQLITE_FILE_H

#include "db/db.h"

/** See rc_db_find. */
rc_err_t *rc_sqlite_find(const char **path, const rc_db_config_t *config, apr_pool_t *pool);

/** See rc_db_exists. */
bool rc_sqlite_file_exists(const rc_db_config_t *config, apr_pool_t *pool);

/** See rc_db_spill_path. */
const char *rc_sqlite_spill_path(const rc_db_config_t *config, apr_pool_t *pool);

/** See rc_db_set_aside. The lock file and the ring stay: processes must agree on one
 * file. */
rc_err_t *rc_sqlite_file_set_aside(const rc_db_config_t *config, apr_pool_t *pool);

/** See rc_db_bring_back and rc_db_forget_aside. */
rc_err_t *rc_sqlite_file_bring_back(const rc_db_config_t *config, apr_pool_t *pool);
rc_err_t *rc_sqlite_file_forget_aside(const rc_db_config_t *config, apr_pool_t *pool);

/** Creates an empty database at @a path with mode 0600, unless there is one. */
rc_err_t *rc_sqlite_file_create(const char *path, apr_pool_t *pool);

/** Opens the file beside the database @a path that has this suffix, such as the lock file of the
 * writers. Creates it for the owner of the database when it is missing or only another account can
 * open it. */
rc_err_t *rc_sqlite_file_beside(int *fd, const char *path, const char *suffix, apr_pool_t *pool);

#endif
