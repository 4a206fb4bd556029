// SPDX-License-Identifier: Apache-2.0
/*
 * Rows behind an identity, for src/domain.
 */
#ifndef RC_STORE_CALLER_H
#define RC_STORE_CALLER_H

#include <apr_tables.h>

#include "db/db.h"

typedef struct rc_caller_row_t {
    apr_int64_t user_id;
    const char *username;
    bool active, admin, inherits;
    bool restricted;     /* IP entries bind this user */
    const char *role;    /* of the key; NULL without one */
    apr_int64_t expires; /* of the key, epoch seconds, -1 = never */
} rc_caller_row_t;

/** The owner of the key with this digest, or NULL. */
rc_err_t *rc_store_caller_by_digest(rc_caller_row_t **out, rc_db_t *db, const unsigned char *digest,
                                    int len, apr_pool_t *pool);

/** The user with this name, or NULL. */
rc_err_t *rc_store_caller_by_name(rc_caller_row_t **out, rc_db_t *db, const char *username,
                                  apr_pool_t *pool);

/** The user with this name in any case, or else with this main e-mail address, and the hash of
 * their password (NULL: they have none); or NULL. Never the default user. */
rc_err_t *rc_store_caller_by_login(rc_caller_row_t **out, const char **password, rc_db_t *db,
                                   const char *login, apr_pool_t *pool);

/** The IP entries (const char *) that bind a user, with the default user's when they inherit. */
rc_err_t *rc_store_caller_ips(apr_array_header_t **entries, rc_db_t *db, apr_int64_t user_id,
                              bool inherits, apr_pool_t *pool);

#endif
