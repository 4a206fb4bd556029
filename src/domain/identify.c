// SPDX-License-Identifier: Apache-2.0
/*
 * Identifies the caller of a request and decides whether they are admitted (contract 00 §3, 01 §9,
 * 03 §3).
 */
#include "domain/identify.h"

#include "base/metrics.h"
#include "caller.h"
#include "db/memory.h"

static bool role_counts(const rc_credentials_t *credentials, const rc_caller_t *caller)
{
    return caller->login || caller->anonymous || (caller->role & credentials->roles);
}

/* Returns why the caller is refused. */
static rc_err_t *judge_caller(rc_refusal_t *refusal, rc_db_t *db,
                              const rc_credentials_t *credentials, const rc_caller_t *caller,
                              apr_pool_t *pool)
{
    bool allowed = true;

    *refusal = !caller           ? RC_REFUSED_UNKNOWN
               : !caller->active ? RC_REFUSED_INACTIVE
                                 : RC_REFUSED_NOT;
    if (*refusal)
        return NULL;
    if (credentials->ip)
        RC_TRY(rc_auth_ip_allowed(&allowed, db, caller, credentials->ip, pool));
    if (!allowed)
        *refusal = RC_REFUSED_ADDRESS;
    else if (!role_counts(credentials, caller))
        *refusal = RC_REFUSED_ROLE;
    return NULL;
}

rc_err_t *rc_identity_judge(rc_identity_t *who, rc_db_t *db, const rc_credentials_t *credentials,
                            apr_pool_t *pool)
{
    RC_TRY(judge_caller(&who->refusal, db, credentials, who->caller, pool));
    if (who->refusal && who->caller)
        who->caller->unrecorded = false; /* a key that is refused was not used */
    return NULL;
}

/* Returns what is wrong with the key, independent of the client's address. */
static rc_refusal_t key_problem(const rc_credentials_t *credentials, const rc_caller_t *owner)
{
    return !owner                                ? RC_REFUSED_UNKNOWN
           : !owner->active                      ? RC_REFUSED_INACTIVE
           : !(owner->role & credentials->roles) ? RC_REFUSED_ROLE
                                                 : RC_REFUSED_NOT;
}

static rc_err_t *by_key(rc_identity_t *who, rc_db_t *db, const rc_credentials_t *credentials,
                        apr_pool_t *pool)
{
    if (credentials->key_id)
        RC_TRY(rc_auth_by_key_id(&who->caller, db, credentials->key_id, pool));
    else
        RC_TRY(rc_auth_by_key(&who->caller, db, credentials->key, pool));
    if (credentials->only_key)
        return NULL;
    who->ignored = key_problem(credentials, who->caller);
    if (who->ignored) {
        who->owner = who->caller;
        who->caller = NULL;
    }
    return NULL;
}

static rc_err_t *by_login(rc_identity_t *who, rc_db_t *db, const char *login, apr_pool_t *pool)
{
    RC_TRY(rc_auth_by_login(&who->caller, db, login, pool));
    if (who->caller && !who->caller->active)
        who->caller = NULL;
    return NULL;
}

static rc_err_t *find_identity(rc_identity_t *who, rc_db_t *db, const rc_credentials_t *credentials,
                               apr_pool_t *pool)
{
    if (credentials->key || credentials->key_id)
        RC_TRY(by_key(who, db, credentials, pool));
    if (who->caller || credentials->only_key)
        return NULL;
    if (credentials->login)
        RC_TRY(by_login(who, db, credentials->login, pool));
    if (!who->caller && credentials->session)
        RC_TRY(rc_auth_by_session(&who->caller, db, credentials->session, pool));
    if (!who->caller && credentials->anonymous)
        RC_TRY(rc_auth_anonymous(&who->caller, db, pool));
    return NULL;
}

/* The use of a key is recorded with a connection. The request must begin anew with one before it
 * has answered anything. So must one whose key is ignored: if it began anew later, that would be
 * counted twice. */
static rc_err_t *need_connection(const rc_identity_t *who, const rc_db_t *db, apr_pool_t *pool)
{
    bool unrecorded = who->caller && who->caller->unrecorded;

    if ((unrecorded || who->ignored) && rc_db_is_memory(db))
        return rc_err(pool, RC_E_MISS, "the use of a key is to be recorded");
    return NULL;
}

/* Counts a key that was refused, also where visitors may go on. */
static void count_refusal(const rc_identity_t *who, const rc_credentials_t *credentials)
{
    static const char *const reasons[] = {[RC_REFUSED_UNKNOWN] = "unknown",
                                          [RC_REFUSED_INACTIVE] = "inactive",
                                          [RC_REFUSED_ADDRESS] = "address",
                                          [RC_REFUSED_ROLE] = "role"};
    rc_refusal_t refusal = who->ignored ? who->ignored : who->refusal;

    if (credentials->key && refusal)
        rc_metric_add(RC_METRIC_REFUSED, "key", reasons[refusal], 1);
}

rc_err_t *rc_identify(rc_identity_t *who, rc_db_t *db, const rc_credentials_t *credentials,
                      apr_pool_t *pool)
{
    static const rc_credentials_t local = {.roles = RC_ROLE_ALL};

    *who = (rc_identity_t){NULL};
    if (credentials->local) {
        RC_TRY(rc_auth_first_admin(&who->caller, db, pool));
        return rc_identity_judge(who, db, &local, pool);
    }
    RC_TRY(find_identity(who, db, credentials, pool));
    RC_TRY(rc_identity_judge(who, db, credentials, pool));
    RC_TRY(need_connection(who, db, pool));
    count_refusal(who, credentials);
    return NULL;
}
