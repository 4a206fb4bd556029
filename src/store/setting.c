// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes server settings, and the tokens of disk changes.
 */
#include "store/setting.h"

#include <string.h>

#include "db/memory.h"
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

/* What is kept is the text with its end; no byte: there is no such setting. */
rc_err_t *rc_store_setting_seen(const char **value, rc_db_t *db, const char *name, apr_pool_t *pool)
{
    const rc_memory_key_t key = {.kind = 's', .data = name, .len = strlen(name)};
    rc_bytes_t kept = rc_recall(db, &key, pool);

    *value = kept.len ? kept.data : NULL;
    if (kept.data)
        return NULL;
    RC_TRY(rc_store_setting(value, db, name, pool));
    rc_remember(db, &key, RC_SINCE_RECALL, (rc_bytes_t){*value, *value ? strlen(*value) + 1 : 0});
    return NULL;
}

rc_err_t *rc_store_setting_set(rc_db_t *db, const char *name, const char *value)
{
    return rc_execute(db, SQL_SETTING_SET, "st", name, value);
}
