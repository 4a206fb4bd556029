// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes global permissions and the inherit flag of users and user groups (contract 01
 * §3). No API method changes them.
 */
#ifndef RC_STORE_GLOBAL_H
#define RC_STORE_GLOBAL_H

#include <apr_tables.h>

#include "db/db.h"

typedef enum { RC_OF_USER, RC_OF_USER_GROUP } rc_holder_t;

/** The holder's own rows (const char *, sorted), and the inherit flag. */
rc_err_t *rc_store_globals(apr_array_header_t **names, bool *inherits, rc_db_t *db,
                           rc_holder_t holder, apr_int64_t id, apr_pool_t *pool);

rc_err_t *rc_store_global_add(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name);
rc_err_t *rc_store_global_delete(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name);

/** Stores the inherit flag: whether the holder takes permissions (a user also IP entries and object
 * defaults) from the default user. */
rc_err_t *rc_store_set_inherits(rc_db_t *db, rc_holder_t holder, apr_int64_t id, bool inherits);

#endif
