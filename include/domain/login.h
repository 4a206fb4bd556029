// SPDX-License-Identifier: Apache-2.0
/*
 * Checks the password of a login.
 */
#ifndef RC_DOMAIN_LOGIN_H
#define RC_DOMAIN_LOGIN_H

#include "base/password.h"
#include "domain/identify.h"

typedef struct rc_login_try_t {
    const char *login, *password;
    const char *ip; /* the client's address; NULL: not checked */
} rc_login_try_t;

typedef enum {
    RC_LOGIN_UNKNOWN, /* also users without a password */
    RC_LOGIN_WRONG,
    RC_LOGIN_REFUSED, /* the password is right, but who->refusal is set */
    RC_LOGIN_RIGHT
} rc_login_t;

/**
 * Checks a password. who->caller is the user, NULL when unknown. Takes some 50 ms of a core for
 * every result, without holding a connection. Returns RC_E_BUSY when @a limits are reached.
 */
rc_err_t *rc_login(rc_login_t *result, rc_identity_t *who, rc_db_pool_t *db_pool,
                   const rc_password_limits_t *limits, const rc_login_try_t *attempt,
                   apr_pool_t *pool);

#endif
