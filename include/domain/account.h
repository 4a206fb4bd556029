// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases that change users, user groups and permissions (contract 02 §3, §4, §6, §7).
 */
#ifndef RC_DOMAIN_ACCOUNT_H
#define RC_DOMAIN_ACCOUNT_H

#include "domain/actor.h"
#include "domain/user.h"
#include "store/rule.h"

typedef struct rc_user_creation_t {
    rc_new_user_t user;   /* password_hash is set by the use case */
    const char *password; /* NULL: none */
    rc_user_t *made;      /* output */
} rc_user_creation_t;

/** Creates a user. A duplicate name or address is RC_E_CONFLICT with the contract's text. A user
 * with an extern_name, who logs in elsewhere, gets a random password, which is discarded. */
rc_err_t *rc_user_create(rc_actor_t *actor, rc_user_creation_t *request);

typedef struct rc_user_update_t {
    const rc_user_t *user;
    rc_user_change_t change; /* password_hash is set by the use case */
    const char *password;    /* NULL: unchanged */
    rc_user_t *updated;      /* output */
} rc_user_update_t;

/** Changes a user; RC_E_ARG for the default user, other errors as of rc_user_change. */
rc_err_t *rc_user_update(rc_actor_t *actor, rc_user_update_t *request);

typedef struct rc_user_deletion_t {
    const rc_user_t *user;
} rc_user_deletion_t;

/** Deletes a user and everything that only they own, including the repositories of their gists. */
rc_err_t *rc_user_delete(rc_actor_t *actor, const rc_user_deletion_t *request);

typedef struct rc_user_group_creation_t {
    const char *name, *description;
    rc_owner_t owner;
    bool active;
    apr_int64_t id; /* output */
} rc_user_group_creation_t;

/** Creates a user group. */
rc_err_t *rc_user_group_create(rc_actor_t *actor, rc_user_group_creation_t *request);

/* A change of a user group; NULL members leave a value unchanged. */
typedef struct rc_user_group_update_t {
    const rc_user_group_t *group;
    const char *name, *description;
    const rc_user_t *owner;
    const bool *active;
} rc_user_group_update_t;

/** Changes a user group. */
rc_err_t *rc_user_group_update(rc_actor_t *actor, const rc_user_group_update_t *request);

typedef struct rc_membership_t {
    const rc_user_group_t *group;
    const rc_user_t *user; /* unused by rc_user_group_delete */
    bool changed;          /* output; false: nothing had to change */
} rc_membership_t;

/** Deletes a user group. When it has permissions on objects, returns RC_E_ARG with the names of
 * those that the caller may read, or RC_E_FAILED when they may read none. */
rc_err_t *rc_user_group_delete(rc_actor_t *actor, const rc_membership_t *request);

/** Add a user to a user group; remove a user from it. */
rc_err_t *rc_user_group_add(rc_actor_t *actor, rc_membership_t *request);
rc_err_t *rc_user_group_remove(rc_actor_t *actor, rc_membership_t *request);

/* A permission to be granted or revoked. */
typedef struct rc_granting_t {
    rc_grant_t grant;
    unsigned below;        /* kinds of objects below a repository group that change, too */
    const char *perm;      /* the name of the permission; NULL: revoke */
    const char *to;        /* name of the user or user group */
    const char *also;      /* the client's word for `below`, for the journal */
    const rc_repo_t *repo; /* the object when it is a repository, else NULL */
    const char *name;      /* of the object */
} rc_granting_t;

/** Grants or revokes a permission. */
rc_err_t *rc_right_set(rc_actor_t *actor, const rc_granting_t *request);

#endif
