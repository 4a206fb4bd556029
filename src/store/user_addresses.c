// SPDX-License-Identifier: Apache-2.0
/*
 * Changes the e-mail addresses and IP entries of users.
 */
#include "sql.h"
#include "store/user.h"

static rc_err_t *change_text(rc_db_t *db, rc_sql_t sql, apr_int64_t user_id, const char *text)
{
    return rc_execute(db, sql, "in", user_id, text);
}

static rc_err_t *insert_email(rc_db_t *db, apr_int64_t user_id, const char *email, bool main)
{
    return rc_execute(db, SQL_EMAIL_INSERT, "ind", user_id, email, (int)main);
}

rc_err_t *rc_store_email_set_main(rc_db_t *db, apr_int64_t user_id, const char *email)
{
    rc_stmt_t *st;

    if (!email) {
        RC_TRY(rc_query(&st, db, SQL_EMAIL_MAIN_DELETE, "i", user_id));
        return rc_stmt_run(st, db);
    }
    RC_TRY(change_text(db, SQL_EMAIL_MAIN_UPDATE, user_id, email));
    return rc_changes(db) ? NULL : insert_email(db, user_id, email, true);
}

rc_err_t *rc_store_email_add(rc_db_t *db, apr_int64_t user_id, const char *email)
{
    return insert_email(db, user_id, email, false);
}

rc_err_t *rc_store_email_remove(bool *removed, rc_db_t *db, apr_int64_t user_id, const char *email)
{
    RC_TRY(change_text(db, SQL_EMAIL_DELETE, user_id, email));
    *removed = rc_changes(db) > 0;
    return NULL;
}

rc_err_t *rc_store_ip_add(rc_db_t *db, apr_int64_t user_id, const char *entry)
{
    return change_text(db, SQL_IP_INSERT, user_id, entry);
}

rc_err_t *rc_store_ip_remove(bool *removed, rc_db_t *db, apr_int64_t user_id, const char *entry)
{
    RC_TRY(change_text(db, SQL_IP_DELETE, user_id, entry));
    *removed = rc_changes(db) > 0;
    return NULL;
}
