// SPDX-License-Identifier: Apache-2.0
/*
 * Checks a user name and a password, and finds their caller.
 */
#include "domain/login.h"

#include "base/log.h"
#include "base/metrics.h"

#include "caller.h"
#include "store/user.h"

/* Reads from the database the user, the hash of their password, and whether they are admitted. */
static rc_err_t *ask_store(rc_identity_t *who, const char **hash, rc_db_pool_t *db_pool,
                           const rc_login_try_t *attempt, apr_pool_t *pool)
{
    const rc_credentials_t credentials = {.ip = attempt->ip};
    rc_db_t *db;

    *who = (rc_identity_t){NULL};
    RC_TRY(rc_db_acquire(&db, db_pool, pool));
    RC_TRY(rc_auth_find_login(&who->caller, hash, db, attempt->login, pool));
    RC_TRY(rc_identity_judge(who, db, &credentials, pool));
    rc_db_release(db);
    return NULL;
}

typedef struct renewal_t {
    apr_int64_t user_id;
    const char *from, *to;
} renewal_t;

static rc_err_t *store_renewed(void *baton, rc_db_t *db)
{
    const renewal_t *renewal = baton;

    return rc_store_user_renew_password(db, renewal->user_id, renewal->from, renewal->to);
}

/* Replaces a hash that another program has made by one of ours. */
static rc_err_t *renew_hash(const rc_caller_t *caller, const char *hash, rc_db_pool_t *db_pool,
                            const rc_password_limits_t *limits, const char *password,
                            apr_pool_t *pool)
{
    renewal_t renewal = {caller->user_id, hash, NULL};
    rc_err_t *err;
    rc_db_t *db;

    RC_TRY(rc_password_hash(&renewal.to, limits, password, pool));
    RC_TRY(rc_db_acquire(&db, db_pool, pool));
    err = rc_db_txn_idle(db, store_renewed, &renewal);
    rc_db_release(db);
    return err;
}

/* The same, but when it cannot be done the password is as right as before: the hash stays until the
 * next time. */
static void try_renewal(const rc_caller_t *caller, const char *hash, rc_db_pool_t *db_pool,
                        const rc_password_limits_t *limits, const char *password, apr_pool_t *pool)
{
    rc_err_t *err = renew_hash(caller, hash, db_pool, limits, password, pool);

    if (err && err->kind != RC_E_BUSY)
        rc_log(RC_LOG_WARNING, err->cause, "a password keeps the hash of another program: %s",
               rc_err_log_text(err, pool));
}

rc_err_t *rc_login(rc_login_t *result, rc_identity_t *who, rc_db_pool_t *db_pool,
                   const rc_password_limits_t *limits, const rc_login_try_t *attempt,
                   apr_pool_t *pool)
{
    const char *hash;
    bool right;

    RC_TRY(ask_store(who, &hash, db_pool, attempt, pool));
    /* takes as long without a hash, so that the time does not reveal which users exist */
    RC_TRY(rc_password_matches(&right, limits, hash, attempt->password, pool));
    *result = !hash          ? RC_LOGIN_UNKNOWN
              : !right       ? RC_LOGIN_WRONG
              : who->refusal ? RC_LOGIN_REFUSED
                             : RC_LOGIN_RIGHT;
    if (*result == RC_LOGIN_RIGHT && rc_password_is_foreign(hash))
        try_renewal(who->caller, hash, db_pool, limits, attempt->password, pool);
    if (*result != RC_LOGIN_RIGHT)
        rc_metric_add(RC_METRIC_REFUSED, "login", *result == RC_LOGIN_REFUSED ? "refused" : "wrong",
                      1);
    return NULL;
}
