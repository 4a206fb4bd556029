// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the user behind a key, a name or a login, for authentication in src/domain.
 */
#ifndef RC_STORE_CALLER_H
#define RC_STORE_CALLER_H

#include <apr_tables.h>

#include "db/db.h"

typedef struct rc_caller_row_t {
    apr_int64_t user_id;
    const char *username;
    bool active, admin, inherits;
    bool restricted; /* IP entries bind this user */
    /* of the key; all 0 without one */
    const char *role;
    apr_int64_t key_id, expires;   /* epoch seconds, -1 = never */
    apr_int64_t repo_id, group_id; /* its scope */
    apr_int64_t last_used;         /* microseconds */
} rc_caller_row_t;

/** The owner of the key with this digest, or NULL. */
rc_err_t *rc_store_caller_by_digest(rc_caller_row_t **out, rc_db_t *db, const unsigned char *digest,
                                    int len, apr_pool_t *pool);

/** The owner of the key with this number, or NULL. */
rc_err_t *rc_store_caller_by_key_id(rc_caller_row_t **out, rc_db_t *db, apr_int64_t key_id,
                                    apr_pool_t *pool);

/** The user with this name, or NULL. */
rc_err_t *rc_store_caller_by_name(rc_caller_row_t **out, rc_db_t *db, const char *username,
                                  apr_pool_t *pool);

/** The user with this name in any case or, failing that, with this main e-mail address; or NULL.
 * Never the default user. *@a password is the hash of their password, NULL when they have none. */
rc_err_t *rc_store_caller_by_login(rc_caller_row_t **out, const char **password, rc_db_t *db,
                                   const char *login, apr_pool_t *pool);

/** The IP entries (const char *) that restrict a user, including those of the default user when
 * @a inherits is set. */
rc_err_t *rc_store_caller_ips(apr_array_header_t **entries, rc_db_t *db, apr_int64_t user_id,
                              bool inherits, apr_pool_t *pool);

#endif
