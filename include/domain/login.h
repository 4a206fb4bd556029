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
    const char *ip; /* where it comes from; NULL: does not matter */
} rc_login_try_t;

typedef enum {
    RC_LOGIN_UNKNOWN, /* also users without a password */
    RC_LOGIN_WRONG,
    RC_LOGIN_REFUSED, /* the password is right; who->refusal says what is not */
    RC_LOGIN_RIGHT
} rc_login_t;

/**
 * Checks a password. who->caller is the user, unless unknown. Takes some 50 ms of a core whatever
 * the answer, without holding a connection; RC_E_BUSY beyond @a limits.
 */
rc_err_t *rc_login(rc_login_t *result, rc_identity_t *who, rc_db_pool_t *db_pool,
                   const rc_password_limits_t *limits, const rc_login_try_t *attempt,
                   apr_pool_t *pool);

#endif
