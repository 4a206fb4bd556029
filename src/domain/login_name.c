// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the caller of a user name.
 */
#include "domain/login.h"

#include "caller.h"

rc_err_t *rc_auth_find_login(rc_caller_t **caller, const char **hash, rc_db_t *db,
                             const char *login, apr_pool_t *pool)
{
    rc_caller_row_t *row;

    *caller = NULL;
    RC_TRY(rc_store_caller_by_login(&row, hash, db, login, pool));
    if (row) {
        *caller = rc_auth_make_caller(row, RC_ROLE_ALL, pool);
        (*caller)->login = true;
    }
    return NULL;
}

rc_err_t *rc_auth_by_login(rc_caller_t **caller, rc_db_t *db, const char *login, apr_pool_t *pool)
{
    const char *hash;

    return rc_auth_find_login(caller, &hash, db, login, pool);
}
