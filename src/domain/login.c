// SPDX-License-Identifier: Apache-2.0
/*
 * From a user name and a password to a caller.
 */
#include "caller.h"

#include "base/password.h"

static rc_err_t *look_up(rc_caller_t **caller, const char **hash, rc_db_t *db, const char *login,
                         apr_pool_t *pool)
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

    return look_up(caller, &hash, db, login, pool);
}

/* What the database says of a login: he, his password's hash, may he come in. */
static rc_err_t *ask(rc_caller_t **caller, const char **hash, bool *allowed, rc_db_pool_t *db_pool,
                     const char *login, const char *ip, apr_pool_t *pool)
{
    rc_db_t *db;

    RC_TRY(rc_db_acquire(&db, db_pool, pool));
    RC_TRY(look_up(caller, hash, db, login, pool));
    *allowed = *caller && (*caller)->active;
    if (*allowed && ip)
        RC_TRY(rc_auth_ip_allowed(allowed, db, *caller, ip, pool));
    rc_db_release(db);
    return NULL;
}

rc_err_t *rc_auth_password(rc_login_t *result, rc_caller_t **caller, rc_db_pool_t *db_pool,
                           const rc_password_limits_t *limits, const rc_login_try_t *attempt,
                           apr_pool_t *pool)
{
    const char *hash;
    bool allowed, right;

    RC_TRY(ask(caller, &hash, &allowed, db_pool, attempt->login, attempt->ip, pool));
    /* without a hash it takes as long */
    RC_TRY(rc_password_matches(&right, limits, hash, attempt->password, pool));
    *result = !hash     ? RC_LOGIN_UNKNOWN
              : !right  ? RC_LOGIN_WRONG
              : allowed ? RC_LOGIN_RIGHT
                        : RC_LOGIN_REFUSED;
    return NULL;
}
