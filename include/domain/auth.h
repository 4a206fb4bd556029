// SPDX-License-Identifier: Apache-2.0
/*
 * Callers, their roles, and the addresses that they may come from. Who a request comes from is
 * decided by domain/identify.h.
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
    bool login;      /* known by a password, not by a key */
    rc_role_t role;  /* of the key used; RC_ROLE_ALL for a main key and for a login */
    bool restricted; /* there are IP entries to look at */
    bool inherits;   /* takes the default user's IP entries */
} rc_caller_t;

/** First and last address of an entry ("10.0.0.0/8"); both NULL when it is not one. */
void rc_auth_ip_range(const char **first, const char **last, const char *entry, apr_pool_t *pool);

/** True when @a entry is an address or a network. */
bool rc_auth_ip_valid(const char *entry, apr_pool_t *pool);

/** "token_role_api" and kin <-> role. Unknown names give 0, unknown roles NULL. */
rc_role_t rc_role_from_name(const char *name);
const char *rc_role_name(rc_role_t role);

#endif
