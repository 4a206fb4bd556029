// SPDX-License-Identifier: Apache-2.0
/*
 * Who calls: from a key, from a password, or nobody in particular; and may he from this address?
 */
#ifndef RC_DOMAIN_AUTH_H
#define RC_DOMAIN_AUTH_H

#include "db/db.h"
#include "base/password.h"

typedef enum {
    RC_ROLE_ALL = 1,
    RC_ROLE_HTTP = 2,
    RC_ROLE_VCS = 4,
    RC_ROLE_API = 8,
    RC_ROLE_FEED = 16
} rc_role_t;

typedef struct rc_caller_t {
    apr_int64_t user_id;
    const char *username;
    bool active, admin;
    bool anonymous;  /* the default user, without a key */
    bool login;      /* told by a password, not by a key */
    rc_role_t role;  /* of the key used; RC_ROLE_ALL for a main key and for a login */
    bool restricted; /* there are IP entries to look at */
    bool inherits;   /* takes the default user's IP entries */
} rc_caller_t;

/**
 * Whose key is this? *@a caller is NULL when it is nobody's, has expired or is the default user's.
 * Inactive users and wrong roles are the caller's business.
 */
rc_err_t *rc_auth_by_key(rc_caller_t **caller, rc_db_t *db, const char *key, apr_pool_t *pool);

/** The default user when anonymous access is on, else NULL. */
rc_err_t *rc_auth_anonymous(rc_caller_t **caller, rc_db_t *db, apr_pool_t *pool);

/** The user who has logged in as @a login (his name in any case, or his main e-mail address), or
 * NULL. Inactive users are the caller's business. */
rc_err_t *rc_auth_by_login(rc_caller_t **caller, rc_db_t *db, const char *login, apr_pool_t *pool);

typedef struct rc_login_try_t {
    const char *login, *password;
    const char *ip; /* where it comes from; NULL: does not matter */
} rc_login_try_t;

typedef enum {
    RC_LOGIN_UNKNOWN, /* also users without a password */
    RC_LOGIN_WRONG,
    RC_LOGIN_REFUSED, /* the password is right; the user is inactive, or the address not allowed */
    RC_LOGIN_RIGHT
} rc_login_t;

/**
 * Checks a password. *@a caller is the user, unless unknown. Takes some 50 ms of a core whatever
 * the answer, without holding a connection; RC_E_BUSY beyond @a limits.
 */
rc_err_t *rc_auth_password(rc_login_t *result, rc_caller_t **caller, rc_db_pool_t *db_pool,
                           const rc_password_limits_t *limits, const rc_login_try_t *attempt,
                           apr_pool_t *pool);

/** The super-admin the command line acts as: the first one; NULL if there is none. */
rc_err_t *rc_auth_first_admin(rc_caller_t **caller, rc_db_t *db, apr_pool_t *pool);

/** May @a caller come from the address @a ip (text)? Contract 01 §9. */
rc_err_t *rc_auth_ip_allowed(bool *allowed, rc_db_t *db, const rc_caller_t *caller, const char *ip,
                             apr_pool_t *pool);

/** First and last address of an entry ("10.0.0.0/8"); both NULL when it is not one. */
void rc_auth_ip_range(const char **first, const char **last, const char *entry, apr_pool_t *pool);

/** True when @a entry is an address or a network. */
bool rc_auth_ip_valid(const char *entry, apr_pool_t *pool);

/** "token_role_api" and kin <-> role. Unknown names give 0, unknown roles NULL. */
rc_role_t rc_role_from_name(const char *name);
const char *rc_role_name(rc_role_t role);

#endif
