// SPDX-License-Identifier: Apache-2.0
/*
 * Users and what hangs on them, as rows of the database. Lookups answer NULL when there is none.
 */
#ifndef RC_USER_H
#define RC_USER_H

#include "rc_db.h"

typedef struct rc_user_t {
    apr_int64_t id;
    const char *username, *firstname, *lastname;
    const char *email; /* main address, lower case, or NULL */
    bool active, admin, inherits;
    const char *extern_type, *extern_name;
    const char *language;   /* or NULL */
    apr_int64_t last_login; /* microseconds, 0 = never */
} rc_user_t;

rc_err_t *rc_store_user_by_id(rc_user_t **out, rc_db_t *db, apr_int64_t id, apr_pool_t *pool);

/** By exact name. */
rc_err_t *rc_store_user_by_name(rc_user_t **out, rc_db_t *db, const char *username,
                                apr_pool_t *pool);

/** The active super-admin with the lowest id, who owns what nobody asked for; NULL if none. */
rc_err_t *rc_store_first_admin(rc_user_t **out, rc_db_t *db, apr_pool_t *pool);

#endif
