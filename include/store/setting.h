// SPDX-License-Identifier: Apache-2.0
/*
 * Stores server settings, and the tokens by which recovery knows that the transaction of a disk
 * change was committed.
 */
#ifndef RC_STORE_SETTING_H
#define RC_STORE_SETTING_H

#include "db/db.h"

rc_err_t *rc_store_disk_change_add(rc_db_t *db, const char *token);
rc_err_t *rc_store_disk_change_forget(rc_db_t *db, const char *token);

/** Makes it certain that the transaction which added @a token will never be committed, once the
 * transaction of the caller is. A process that is killed in a commit may have written it to the
 * -wal file without telling other processes; whoever then opens the database alone takes it as
 * made. The two writes change nothing, but the caller's commit replaces that one in the file. */
rc_err_t *rc_store_disk_change_refuse(rc_db_t *db, const char *token);

/** Was the transaction that added @a token committed? */
rc_err_t *rc_store_disk_change_stands(bool *stands, rc_db_t *db, const char *token);

/** Returns a server setting in @a pool; NULL when it was never set. */
rc_err_t *rc_store_setting(const char **value, rc_db_t *db, const char *name, apr_pool_t *pool);

/** The same, from what is remembered (db/memory.h) if that holds: for reading, between no rc_recall
 * and its rc_remember. */
rc_err_t *rc_store_setting_seen(const char **value, rc_db_t *db, const char *name,
                                apr_pool_t *pool);
rc_err_t *rc_store_setting_set(rc_db_t *db, const char *name, const char *value);

#endif
