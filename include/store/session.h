// SPDX-License-Identifier: Apache-2.0
/*
 * Sessions of browsers: rows that are found by the digest of a cookie's value.
 */
#ifndef RC_STORE_SESSION_H
#define RC_STORE_SESSION_H

#include "db/db.h"

typedef struct rc_session_row_t {
    const char *username, *csrf;
    apr_int64_t seen; /* epoch seconds */
} rc_session_row_t;

/* Moments (epoch seconds) after which a valid session was created and was seen. */
typedef struct rc_session_life_t {
    apr_int64_t created, seen;
} rc_session_life_t;

/** Finds a valid session; NULL when there is none. */
rc_err_t *rc_store_session_find(rc_session_row_t **out, rc_db_t *db, const unsigned char *digest,
                                int len, const rc_session_life_t *life, apr_pool_t *pool);

typedef struct rc_new_session_t {
    const unsigned char *digest;
    int len;
    apr_int64_t user_id;
    const char *csrf, *ip;
} rc_new_session_t;

/** Inserts a session that begins now, and records that the user has logged in. */
rc_err_t *rc_store_session_insert(rc_db_t *db, const rc_new_session_t *session);

/** Records that a session was seen now; deletes it. */
rc_err_t *rc_store_session_update(rc_db_t *db, const unsigned char *digest, int len);
rc_err_t *rc_store_session_delete(rc_db_t *db, const unsigned char *digest, int len);

/** Delete the sessions of a user, and those that are no longer valid. */
rc_err_t *rc_store_sessions_delete(rc_db_t *db, apr_int64_t user_id);
rc_err_t *rc_store_sessions_purge(rc_db_t *db, const rc_session_life_t *life);

#endif
