// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes the rows of sessions.
 */
#include "store/session.h"

#include "sql.h"

rc_err_t *rc_store_session_find(rc_session_row_t **out, rc_db_t *db, const unsigned char *digest,
                                int len, const rc_session_life_t *life, apr_pool_t *pool)
{
    rc_blob_t blob = {digest, len};
    rc_stmt_t *st;
    bool found;

    *out = NULL;
    RC_TRY(rc_query(&st, db, SQL_SESSION_FIND, "bii", &blob, life->created, life->seen));
    RC_TRY(rc_step(&found, st, db));
    if (!found)
        return NULL;
    *out = apr_palloc(pool, sizeof(**out));
    (*out)->username = rc_column_text(st, 0, pool);
    (*out)->csrf = rc_column_text(st, 1, pool);
    (*out)->seen = rc_column_int(st, 2);
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_session_insert(rc_db_t *db, const rc_new_session_t *session)
{
    rc_blob_t blob = {session->digest, session->len};

    RC_TRY(rc_execute(db, SQL_SESSION_INSERT, "bisis", &blob, session->user_id, session->csrf,
                      (apr_int64_t)apr_time_sec(apr_time_now()), session->ip));
    return rc_execute(db, SQL_SESSION_LOGIN, "ii", session->user_id, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_session_update(rc_db_t *db, const unsigned char *digest, int len)
{
    rc_blob_t blob = {digest, len};

    return rc_execute(db, SQL_SESSION_SEEN, "bi", &blob, (apr_int64_t)apr_time_sec(apr_time_now()));
}

rc_err_t *rc_store_session_delete(rc_db_t *db, const unsigned char *digest, int len)
{
    rc_blob_t blob = {digest, len};

    return rc_execute(db, SQL_SESSION_DELETE, "b", &blob);
}

rc_err_t *rc_store_sessions_delete(rc_db_t *db, apr_int64_t user_id)
{
    return rc_execute(db, SQL_SESSIONS_DELETE, "i", user_id);
}

rc_err_t *rc_store_sessions_purge(rc_db_t *db, const rc_session_life_t *life)
{
    return rc_execute(db, SQL_SESSIONS_EXPIRE, "ii", life->created, life->seen);
}
