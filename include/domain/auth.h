// SPDX-License-Identifier: Apache-2.0
/*
 * Callers, the roles of their keys, and IP entries, which limit their addresses. domain/identify.h
 * finds the caller of a request.
 */
#ifndef RC_DOMAIN_AUTH_H
#define RC_DOMAIN_AUTH_H

#include "db/db.h"
#include "base/password.h"
#include "store/user.h"

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
    bool login;      /* identified by a password, not by a key */
    rc_role_t role;  /* of the key used; RC_ROLE_ALL for a main key and for a login */
    bool restricted; /* IP entries limit the caller's address */
    bool inherits;   /* the default user's IP entries count, too */
    /* of the key used; all 0 without one */
    apr_int64_t key_id;
    apr_int64_t expires;  /* epoch seconds; 0: never */
    rc_key_scope_t scope; /* then the caller is no super-admin, has no global permission and creates
                           * nothing */
    bool unrecorded;      /* that it was used is to be recorded (rc_actor_read) */
    /* of the session that identified the caller */
    const char *csrf; /* the secret of its forms; NULL: there is none */
    bool idle;        /* it was not seen in the last minute */
} rc_caller_t;

/** Returns for whom the permission rule is evaluated: the user, or their scoped token. */
rc_viewer_t rc_caller_viewer(const rc_caller_t *caller);

/** True when the caller came by a scoped token. */
bool rc_caller_is_scoped(const rc_caller_t *caller);

/** Sets the first and the last address of an entry ("10.0.0.0/8"), in @a pool; both are NULL when
 * it is invalid. */
void rc_auth_ip_range(const char **first, const char **last, const char *entry, apr_pool_t *pool);

/** True when the address @a ip is in @a entry, an address or a network. */
bool rc_auth_ip_within(const char *entry, const char *ip, apr_pool_t *pool);

/** True when @a entry is an address or a network. */
bool rc_auth_ip_valid(const char *entry, apr_pool_t *pool);

/** Convert between a role and its name ("token_role_api"), which clients may send without the
 * prefix. Return 0 for an unknown name, NULL for an unknown role. */
rc_role_t rc_role_from_name(const char *name);
const char *rc_role_name(rc_role_t role);

#endif
