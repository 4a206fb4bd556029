// SPDX-License-Identifier: Apache-2.0
/*
 * What is done to users, their keys, addresses and IP entries, with all checks; the API's methods
 * and rcapi-admin share it. Functions that write run inside the caller's write transaction
 * (rc_db_txn) unless they say so.
 *
 * Errors that are the person's fault are RC_E_ARG, RC_E_NOTFOUND or RC_E_CONFLICT with a text for
 * them in msg (a sentence without a full stop), or RC_E_FAILED with the reason in detail.
 *
 * @a secret seals clear keys so that answers can show them again; NULL keeps no clear form
 * (rc_key_secret chooses).
 */
#ifndef RC_DOMAIN_USER_H
#define RC_DOMAIN_USER_H

#include "domain/auth.h"
#include "domain/env.h"
#include "base/password.h"
#include "store/user.h"

/* Whom a request names as the owner of something. */
typedef struct rc_owner_t {
    const char *sent;      /* as it was named; NULL: nobody, so it is the caller */
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

/** The secret that new keys are sealed with: @a env's, or NULL when keys are never revealed. */
const rc_secret_t *rc_key_secret(const rc_env_t *env);

/**
 * A new user with their main address, main key and feed token. A taken name is RC_E_CONFLICT with
 * the text "user `x` already exist", a taken address "email `x` already exist"; an unusable name
 * or address is RC_E_FAILED. *@a out is their row.
 */
rc_err_t *rc_user_insert(rc_user_t **out, rc_db_t *db, const rc_secret_t *secret,
                         const rc_new_user_t *new_user, apr_pool_t *pool);

/** What rc_user_change changes; NULL members stay as they are. */
typedef struct rc_user_change_t {
    const char *username;
    const char *email;         /* "" = none any more */
    const char *password_hash; /* "" = no password login any more */
    const char *firstname, *lastname;
    const char *extern_type, *extern_name;
    const bool *active, *admin;
} rc_user_change_t;

/** Changes user @a user, and *@a out is their new row. Conflicts as rc_user_insert; RC_E_FAILED
 * when they are the last active super-admin and would cease to be. */
rc_err_t *rc_user_change(rc_user_t **out, rc_db_t *db, const rc_user_t *user,
                         const rc_user_change_t *change, apr_pool_t *pool);

/** Deletes @a user and what is theirs alone. RC_E_FAILED for the default user, the last active
 * super-admin, and owners of repositories, repository groups or user groups. */
rc_err_t *rc_user_remove(rc_db_t *db, const rc_user_t *user, apr_pool_t *pool);

/** Creates the default user if there is none, and adds the global rows (contract 01 §2) of those
 * kinds of which they have none. @a anonymous: may visitors without a key act as them? Counts
 * only when the user is created. Hashes a password, so it is slow once. */
rc_err_t *rc_default_user_setup(rc_db_t *db, const rc_secret_t *secret, bool anonymous,
                                apr_pool_t *pool);

/** The global rows (const char *) of contract 01 §2 of whose kinds the default user has none. */
rc_err_t *rc_default_user_lacks(apr_array_header_t **names, rc_db_t *db,
                                const rc_user_t *default_user, apr_pool_t *pool);

/** A new token; its clear value, shown this once, in *@a token. */
rc_err_t *rc_token_create(const char **token, rc_db_t *db, const rc_secret_t *secret,
                          const rc_new_token_t *new_token, apr_pool_t *pool);

/** Deletes a token of a user, named by its clear value or by the id that rc_store_keys_each
 * reports. RC_E_NOTFOUND if they have none such; RC_E_ARG for the main key. */
rc_err_t *rc_token_delete(rc_db_t *db, apr_int64_t user_id, const char *which, apr_pool_t *pool);

/** Replaces the main key of a user by *@a key, or when that is NULL by a new one, returned in it.
 */
rc_err_t *rc_main_key_reset(const char **key, rc_db_t *db, const rc_secret_t *secret,
                            apr_int64_t user_id, apr_pool_t *pool);

/** The clear form of a key row in *@a clear; NULL when none is kept or @a secret is NULL. */
rc_err_t *rc_key_clear(const char **clear, const rc_secret_t *secret, const rc_user_key_t *key,
                       apr_pool_t *pool);

/** Adds IP entries: addresses, networks, ranges "a-b" (each address of it, at most 256), with
 * commas between them. Entries that are there already are skipped. RC_E_ARG for anything else. */
rc_err_t *rc_ip_add(rc_db_t *db, apr_int64_t user_id, const char *entries, apr_pool_t *pool);

/** Removes entries, written in the same way; RC_E_NOTFOUND when one of them is not there. */
rc_err_t *rc_ip_remove(rc_db_t *db, apr_int64_t user_id, const char *entries, apr_pool_t *pool);

/** Adds an extra address. A taken one is RC_E_CONFLICT "email `x` already exist". */
rc_err_t *rc_email_add(rc_db_t *db, apr_int64_t user_id, const char *email, apr_pool_t *pool);

/** Removes an extra address; RC_E_NOTFOUND if it is none of the user's. */
rc_err_t *rc_email_remove(rc_db_t *db, apr_int64_t user_id, const char *email, apr_pool_t *pool);

#endif
