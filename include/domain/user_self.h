// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases on what belongs to one user: password, e-mail addresses, IP entries, and what they
 * follow (contract 04 §7); their keys: domain/token.h. Users run them for themselves, unless they
 * come by a scoped token, and super-admins for any user; but only super-admins change IP entries.
 *
 * Errors are those of domain/user.h, and RC_E_FORBIDDEN for a caller without the right.
 */
#ifndef RC_DOMAIN_USER_SELF_H
#define RC_DOMAIN_USER_SELF_H

#include "domain/actor.h"
#include "domain/user.h"

/* Something that a user has or gets. */
typedef struct rc_user_item_t {
    const rc_user_t *user;
    const char *value;
} rc_user_item_t;

/** Reads the addresses, keys and IP entries of @a user. A key of a narrow role, or one that
 * expires, does not permit it (rc_actor_require_full), because rc_key_clear reads the keys. */
rc_err_t *rc_user_show(rc_user_details_t *out, rc_actor_t *actor, const rc_user_t *user);

/** Sets a password; with the value NULL or "" the user cannot log in by one. Hashes it, which is
 * slow, and returns RC_E_BUSY when too many passwords are hashed at once. */
rc_err_t *rc_user_password_set(rc_actor_t *actor, const rc_user_item_t *request);

/** Add and remove an extra e-mail address (rc_email_add, rc_email_remove). */
rc_err_t *rc_user_email_add(rc_actor_t *actor, const rc_user_item_t *request);
rc_err_t *rc_user_email_remove(rc_actor_t *actor, const rc_user_item_t *request);

/** Add and remove IP entries (rc_ip_add, rc_ip_remove). Only super-admins may. */
rc_err_t *rc_user_ip_add(rc_actor_t *actor, const rc_user_item_t *request);
rc_err_t *rc_user_ip_remove(rc_actor_t *actor, const rc_user_item_t *request);

/* A repository or a user that a user follows or no longer follows. */
typedef struct rc_following_t {
    const rc_user_t *user;
    const rc_repo_t *repo;  /* NULL: another user */
    const rc_user_t *other; /* unless repo is set */
    bool on;
} rc_following_t;

/** Makes a user follow a repository, which a caller who is no super-admin must be able to read, or
 * another user; or ends that. Returns RC_E_ARG when both users are the same. */
rc_err_t *rc_user_follow(rc_actor_t *actor, const rc_following_t *request);

#endif
