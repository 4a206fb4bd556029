// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes server settings, and the tokens of disk changes.
 */
#include "store/setting.h"

#include "sql.h"

rc_err_t *rc_store_disk_change_add(rc_db_t *db, const char *token)
{
    return rc_execute(db, SQL_DISK_CHANGE_ADD, "si", token, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_disk_change_forget(rc_db_t *db, const char *token)
{
    return rc_execute(db, SQL_DISK_CHANGE_FORGET, "s", token);
}

rc_err_t *rc_store_disk_change_refuse(rc_db_t *db, const char *token)
{
    RC_TRY(rc_store_disk_change_add(db, token));
    return rc_store_disk_change_forget(db, token);
}

rc_err_t *rc_store_disk_change_stands(bool *stands, rc_db_t *db, const char *token)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_DISK_CHANGE_STANDS, "s", token));
    RC_TRY(rc_step(stands, st, db));
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_setting(const char **value, rc_db_t *db, const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_SETTING_GET, "s", name));
    RC_TRY(rc_step(&found, st, db));
    *value = found ? rc_column_text(st, 0, pool) : NULL;
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_setting_set(rc_db_t *db, const char *name, const char *value)
{
    return rc_execute(db, SQL_SETTING_SET, "st", name, value);
}
