// SPDX-License-Identifier: Apache-2.0
/*
 * What hangs on users in numbers: addresses, IP entries, global permissions; and users listed
 * together with all of it.
 */
#include "user_read.h"

/* A statement of (user id, ...) rows, standing on the first row not yet taken. */
typedef struct cursor_t {
    rc_stmt_t *st;
    bool row;
} cursor_t;

enum { EMAILS, KEYS, IPS, LISTS };

/* The statements of each set of users, in the order of rc_users_t and of the cursors. */
static const rc_sql_t sets[][LISTS + 1] = {
    {SQL_USERS_EMAILS, SQL_USERS_KEYS, SQL_USERS_IPS, SQL_USERS_BY_NAME},
    {SQL_FOLLOWERS_EMAILS, SQL_FOLLOWERS_KEYS, SQL_FOLLOWERS_IPS, SQL_FOLLOWERS},
    {SQL_GROUP_USERS_EMAILS, SQL_GROUP_USERS_KEYS, SQL_GROUP_USERS_IPS, SQL_GROUP_USERS},
};

static rc_err_t *start(cursor_t *cursor, rc_db_t *db, rc_sql_t sql, apr_int64_t id)
{
    RC_TRY(rc_stmt(&cursor->st, db, sql));
    if (id)
        RC_TRY(rc_bind(cursor->st, db, "i", id));
    return rc_step(&cursor->row, cursor->st, db);
}

/* Moves the rows of one user, which come next if there are any, into a list of texts. */
static rc_err_t *take_texts(apr_array_header_t **list, cursor_t *cursor, rc_db_t *db,
                            apr_int64_t user_id, apr_pool_t *pool)
{
    *list = apr_array_make(pool, 2, sizeof(const char *));
    while (cursor->row && rc_column_int(cursor->st, 0) == user_id) {
        APR_ARRAY_PUSH(*list, const char *) = rc_column_text(cursor->st, 1, pool);
        RC_TRY(rc_step(&cursor->row, cursor->st, db));
    }
    return NULL;
}

static rc_err_t *take_keys(apr_array_header_t **list, cursor_t *cursor, rc_db_t *db,
                           apr_int64_t user_id, apr_pool_t *pool)
{
    *list = apr_array_make(pool, 2, sizeof(rc_user_key_t));
    while (cursor->row && rc_column_int(cursor->st, 0) == user_id) {
        rc_read_user_key(apr_array_push(*list), cursor->st, pool);
        RC_TRY(rc_step(&cursor->row, cursor->st, db));
    }
    return NULL;
}

static rc_err_t *take(rc_user_details_t *out, cursor_t *cursors, rc_db_t *db, const rc_user_t *user,
                      apr_pool_t *pool)
{
    out->user = user;
    RC_TRY(take_texts(&out->emails, &cursors[EMAILS], db, user->id, pool));
    RC_TRY(take_keys(&out->keys, &cursors[KEYS], db, user->id, pool));
    return take_texts(&out->ips, &cursors[IPS], db, user->id, pool);
}

static void stop(cursor_t *cursors, int count)
{
    int i;

    for (i = 0; i < count; i++)
        if (cursors[i].st)
            rc_done(cursors[i].st);
}

rc_err_t *rc_store_user_details(rc_user_details_t *out, rc_db_t *db, const rc_user_t *user,
                                apr_pool_t *pool)
{
    cursor_t cursors[LISTS] = {{NULL, false}};
    rc_err_t *err;

    if (!(err = start(&cursors[EMAILS], db, SQL_USER_EMAILS, user->id)) &&
        !(err = start(&cursors[KEYS], db, SQL_USER_KEYS, user->id)) &&
        !(err = start(&cursors[IPS], db, SQL_USER_IPS, user->id)))
        err = take(out, cursors, db, user, pool);
    stop(cursors, LISTS);
    return err;
}

typedef rc_err_t *each_fn(void *baton, const rc_user_details_t *details, apr_pool_t *scratch);

static rc_err_t *walk(cursor_t *users, cursor_t *lists, rc_db_t *db, each_fn *fn, void *baton,
                      apr_pool_t *scratch)
{
    rc_user_details_t details;

    while (users->row) {
        apr_pool_clear(scratch);
        RC_TRY(take(&details, lists, db, rc_read_user(users->st, scratch), scratch));
        RC_TRY(fn(baton, &details, scratch));
        RC_TRY(rc_step(&users->row, users->st, db));
    }
    return NULL;
}

rc_err_t *rc_store_users_each(rc_db_t *db, rc_users_t which, apr_int64_t id, bool keys, each_fn *fn,
                              void *baton, apr_pool_t *pool)
{
    cursor_t cursors[LISTS + 1] = {{NULL, false}};
    apr_pool_t *scratch;
    rc_err_t *err = NULL;
    int i;

    apr_pool_create(&scratch, pool);
    for (i = 0; !err && i <= LISTS; i++)
        if (i != KEYS || keys)
            err = start(&cursors[i], db, sets[which][i], id);
    if (!err)
        err = walk(&cursors[LISTS], cursors, db, fn, baton, scratch);
    stop(cursors, LISTS + 1);
    apr_pool_destroy(scratch);
    return err;
}

rc_err_t *rc_store_user_ips(apr_array_header_t **entries, rc_db_t *db, apr_int64_t user_id,
                            apr_pool_t *pool)
{
    cursor_t cursor;

    RC_TRY(start(&cursor, db, SQL_USER_IPS, user_id));
    return take_texts(entries, &cursor, db, user_id, pool);
}

static rc_err_t *run(rc_db_t *db, rc_sql_t sql, apr_int64_t user_id, const char *text)
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
        return rc_run(st, db);
    }
    RC_TRY(run(db, SQL_EMAIL_MAIN_UPDATE, user_id, email));
    return rc_changes(db) ? NULL : insert_email(db, user_id, email, true);
}

rc_err_t *rc_store_email_add(rc_db_t *db, apr_int64_t user_id, const char *email)
{
    return insert_email(db, user_id, email, false);
}

rc_err_t *rc_store_email_remove(bool *removed, rc_db_t *db, apr_int64_t user_id, const char *email)
{
    RC_TRY(run(db, SQL_EMAIL_DELETE, user_id, email));
    *removed = rc_changes(db) > 0;
    return NULL;
}

rc_err_t *rc_store_ip_add(rc_db_t *db, apr_int64_t user_id, const char *entry)
{
    return run(db, SQL_IP_INSERT, user_id, entry);
}

rc_err_t *rc_store_ip_remove(bool *removed, rc_db_t *db, apr_int64_t user_id, const char *entry)
{
    RC_TRY(run(db, SQL_IP_DELETE, user_id, entry));
    *removed = rc_changes(db) > 0;
    return NULL;
}
