// SPDX-License-Identifier: Apache-2.0
/*
 * Signs in clients of version control (git, svn, hg), which know names and passwords only: what
 * they send becomes credentials for rc_identify. Contract 06 §5, §6.
 *
 *     key of a header > name with password or token > login that the server checked > anonymous
 *
 * Whatever was sent and is wrong refuses the request, also while anonymous access is on.
 */
#ifndef RC_DOMAIN_SIGN_IN_H
#define RC_DOMAIN_SIGN_IN_H

#include "domain/env.h"
#include "domain/identify.h"

/* The roles of keys that may transfer; a key in a URL never may. */
#define RC_ROLES_OF_TRANSFERS (RC_ROLE_ALL | RC_ROLE_VCS)

/* The name that a client may send beside a token, instead of its owner's; or it sends none. */
#define RC_TOKEN_USER "x-token-auth"

/* What a client sent; all members may be NULL. */
typedef struct rc_sign_in_t {
    const char *key;             /* of a header */
    const char *user, *password; /* of Authorization: Basic; user NULL: there was none */
    const char *login;           /* the user whom the server has authenticated */
    const char *ip;              /* the client's address */
} rc_sign_in_t;

/**
 * Makes credentials of what was sent: checks a password, or recognizes a main key or token of one
 * of RC_ROLES_OF_TRANSFERS in its place. The strings of @a credentials live in @a pool or are those
 * of @a sent. Then rc_identify, which costs no more than a look-up, finds the caller and judges
 * their address, as often as needed: before a transfer and again at its end. Refusals but
 * RC_REFUSED_ADDRESS mean that the client must send other credentials.
 *
 * A password takes some 50 ms of a core, unless it was right a short time ago. Uses connections of
 * its own, and none meanwhile: call it without one. Returns RC_E_BUSY when too many passwords are
 * being checked.
 */
rc_err_t *rc_sign_in(rc_credentials_t *credentials, rc_env_t *env, const rc_sign_in_t *sent,
                     apr_pool_t *pool);

/** Finds the owner of the main key or token @a password that was sent with the name @a user; NULL
 * when it is none that may transfer, or the name is another one's. Takes a connection meanwhile. */
rc_err_t *rc_sign_in_token(rc_caller_t **owner, rc_env_t *env, const char *user,
                           const char *password, apr_pool_t *pool);

#endif
