// SPDX-License-Identifier: Apache-2.0
/*
 * Changes users, their keys, addresses and IP entries, with all checks. The API and rcapi-admin
 * share these functions. Those that write run inside the caller's write transaction (rc_db_txn).
 *
 * Errors of the client are RC_E_ARG, RC_E_NOTFOUND or RC_E_CONFLICT with a text for the client in
 * msg (a sentence without a full stop), or RC_E_FAILED with the reason in detail.
 *
 * @a secret seals keys so that later answers can show them in clear; with NULL only their digests
 * are stored (rc_key_secret returns the right one).
 */
#ifndef RC_DOMAIN_USER_H
#define RC_DOMAIN_USER_H

#include "domain/auth.h"
#include "domain/env.h"
#include "base/password.h"
#include "store/user.h"

/* The owner that a request names for an object. */
typedef struct rc_owner_t {
    const char *sent;      /* as the client sent it; NULL: not sent, the caller is the owner */
    const rc_user_t *user; /* NULL: there is no such user */
} rc_owner_t;

#define RC_NEVER (-1) /* lifetime of a token */

typedef struct rc_new_user_t {
    const char *username;
    const char *email;                     /* "" or NULL = none */
    const char *password_hash;             /* of rc_password_hash; NULL = no password login */
    const char *firstname, *lastname;      /* NULL = "" */
    const char *key;                       /* the main key; NULL = generated */
    const char *extern_type, *extern_name; /* NULL = rhodecode */
    bool active, admin, force_password_change;
} rc_new_user_t;

typedef struct rc_new_token_t {
    apr_int64_t user_id;
    rc_role_t role;
    apr_int64_t lifetime;    /* minutes, or RC_NEVER */
    const char *description; /* NULL = "" */
} rc_new_token_t;

/** Returns the secret that new keys are sealed with; NULL when the server never reveals keys. */
const rc_secret_t *rc_key_secret(const rc_env_t *env);

/** Returns RC_E_FAILED with the reason for a name that no user may have: among others one that
 * look-ups would take for an id. */
rc_err_t *rc_username_check(const char *name, apr_pool_t *pool);

/** Rejects the default user with RC_E_ARG: nobody signs in as it, so no key and no password of it
 * would open anything. */
rc_err_t *rc_user_not_default(const rc_user_t *user, apr_pool_t *pool);

/**
 * Inserts a user with their main address, main key and feed token. Returns RC_E_CONFLICT for a
 * duplicate name ("user `x` already exist") or address ("email `x` already exist"), RC_E_FAILED for
 * an invalid one. *@a out is the new row, in @a pool.
 */
rc_err_t *rc_user_insert(rc_user_t **out, rc_db_t *db, const rc_secret_t *secret,
                         const rc_new_user_t *new_user, apr_pool_t *pool);

/** A change by rc_user_change; NULL members leave a value unchanged. */
typedef struct rc_user_change_t {
    const char *username;
    const char *email;         /* "" removes it */
    const char *password_hash; /* "" removes the password */
    const char *firstname, *lastname;
    const char *extern_type, *extern_name;
    const bool *active, *admin;
} rc_user_change_t;

/** Changes @a user; *@a out is the new row. Returns RC_E_CONFLICT as rc_user_insert does, and
 * RC_E_FAILED when no active super-admin would remain. */
rc_err_t *rc_user_change(rc_user_t **out, rc_db_t *db, const rc_user_t *user,
                         const rc_user_change_t *change, apr_pool_t *pool);

/** Deletes @a user and everything that only they own. Returns RC_E_FAILED for the default user, the
 * last active super-admin, and owners of repositories, repository groups or user groups. */
rc_err_t *rc_user_remove(rc_db_t *db, const rc_user_t *user, apr_pool_t *pool);

/** Creates the default user if there is none, and adds a global permission (contract 01 §2) of each
 * kind of which they have none. @a anonymous enables anonymous access; it is used only when the
 * user is created. Hashes a password then, which is slow. */
rc_err_t *rc_default_user_setup(rc_db_t *db, const rc_secret_t *secret, bool anonymous,
                                apr_pool_t *pool);

/** True for one of the global permissions of contract 01 §2, which a new default user has. */
bool rc_default_user_has_preset(const char *name);

/** Lists the global permissions (const char *) of contract 01 §2 of whose kind the default user has
 * none. */
rc_err_t *rc_default_user_lacks(apr_array_header_t **names, rc_db_t *db,
                                const rc_user_t *default_user, apr_pool_t *pool);

/** Creates a token without a scope; *@a token is its clear value. Returns RC_E_FAILED for a wrong
 * role, lifetime or description. */
rc_err_t *rc_token_create(const char **token, rc_db_t *db, const rc_secret_t *secret,
                          const rc_new_token_t *new_token, apr_pool_t *pool);

/** Sets *@a clear to the clear form of a stored key; NULL when none is stored or @a secret is NULL.
 */
rc_err_t *rc_key_clear(const char **clear, const rc_secret_t *secret, const rc_user_key_t *key,
                       apr_pool_t *pool);

/** Adds IP entries, separated by commas: addresses, networks, ranges "a-b" of at most 256 addresses
 * (one entry each). Skips existing entries. Returns RC_E_ARG for an invalid entry. */
rc_err_t *rc_ip_add(rc_db_t *db, apr_int64_t user_id, const char *entries, apr_pool_t *pool);

/** Removes IP entries, written in the same way; RC_E_NOTFOUND when one of them does not exist. */
rc_err_t *rc_ip_remove(rc_db_t *db, apr_int64_t user_id, const char *entries, apr_pool_t *pool);

/** Adds an extra e-mail address. Returns RC_E_CONFLICT "email `x` already exist" for a duplicate.
 */
rc_err_t *rc_email_add(rc_db_t *db, apr_int64_t user_id, const char *email, apr_pool_t *pool);

/** Removes an extra e-mail address; RC_E_NOTFOUND when the user does not have it. */
rc_err_t *rc_email_remove(rc_db_t *db, apr_int64_t user_id, const char *email, apr_pool_t *pool);

#endif
