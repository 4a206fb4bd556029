// SPDX-License-Identifier: Apache-2.0
/*
 * The files of an SQLite database: where it is, and the lock on which writers queue. Private to
 * src/db/sqlite.
 */
#ifndef RC_DB_SQLITE_FILE_H
#define RC_DB_SQLITE_FILE_H

#include "db/db.h"

/** See rc_db_find. */
rc_err_t *rc_sqlite_find(const char **path, const rc_db_config_t *config, apr_pool_t *pool);

/** Makes an empty, private database at @a path unless there is one. */
rc_err_t *rc_sqlite_file_create(const char *path, apr_pool_t *pool);

/** Opens the lock file of the database @a path, made for the owner of the database when it is
 * missing or when only others can open it. */
rc_err_t *rc_sqlite_file_lock(int *fd, const char *path, apr_pool_t *pool);

#endif
