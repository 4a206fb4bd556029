// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes the e-mail addresses and IP entries of users, and lists users with all their
 * data.
 */
#include "seen.h"
#include "user_read.h"

static rc_err_t *read_keys(apr_array_header_t *keys, rc_db_t *db, apr_int64_t user_id,
                           apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_USER_KEYS, "i", user_id));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        rc_read_user_key(apr_array_push(keys), st, pool);
    }
}

static rc_err_t *read_texts(apr_array_header_t **list, rc_db_t *db, rc_sql_t sql,
                            apr_int64_t user_id, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, sql, "i", user_id));
    return rc_texts(list, st, 0, db, pool);
}

static rc_err_t *read_details(rc_user_details_t *out, rc_db_t *db, const rc_user_t *user, bool keys,
                              apr_pool_t *pool)
{
    out->user = user;
    out->keys = apr_array_make(pool, 2, sizeof(rc_user_key_t));
    RC_TRY(read_texts(&out->emails, db, SQL_USER_EMAILS, user->id, pool));
    if (keys)
        RC_TRY(read_keys(out->keys, db, user->id, pool));
    return read_texts(&out->ips, db, SQL_USER_IPS, user->id, pool);
}

rc_err_t *rc_store_user_details(rc_user_details_t *out, rc_db_t *db, const rc_user_t *user,
                                apr_pool_t *pool)
{
    return read_details(out, db, user, true, pool);
}

typedef struct walk_t {
    rc_db_t *db;
    bool keys;
    rc_err_t *(*fn)(void *baton, const rc_user_details_t *details, apr_pool_t *scratch);
    void *baton;
} walk_t;

static rc_err_t *visit(void *baton, const rc_seen_t *seen, apr_pool_t *scratch)
{
    const walk_t *walk = baton;
    rc_user_details_t details;
    rc_user_t *user;

    RC_TRY(rc_store_user_by_id(&user, walk->db, seen->id, scratch));
    if (!user)
        return NULL;
    RC_TRY(read_details(&details, walk->db, user, walk->keys, scratch));
    return walk->fn(walk->baton, &details, scratch);
}

rc_err_t *rc_store_users_each(rc_db_t *db, rc_users_t which, apr_int64_t id, bool keys,
                              rc_err_t *(*fn)(void *baton, const rc_user_details_t *details,
                                              apr_pool_t *scratch),
                              void *baton, apr_pool_t *pool)
{
    static const rc_sql_t sets[] = {SQL_USERS_BY_NAME, SQL_FOLLOWERS, SQL_GROUP_USERS};
    walk_t walk = {db, keys, fn, baton};
    rc_stmt_t *st;

    RC_TRY(rc_stmt(&st, db, sets[which]));
    if (id)
        RC_TRY(rc_bind(st, db, "i", id));
    return rc_seen_each(st, db, visit, &walk, pool);
}

rc_err_t *rc_store_user_ips(apr_array_header_t **entries, rc_db_t *db, apr_int64_t user_id,
                            apr_pool_t *pool)
{
    return read_texts(entries, db, SQL_USER_IPS, user_id, pool);
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
