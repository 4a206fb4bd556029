// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases of users, user groups and rights (contract 02 §3, §4, §6).
 */
#ifndef RC_DOMAIN_ACCOUNT_H
#define RC_DOMAIN_ACCOUNT_H

#include "domain/actor.h"
#include "domain/user.h"
#include "store/rule.h"

typedef struct rc_user_creation_t {
    rc_new_user_t user;   /* its password_hash is set */
    const char *password; /* NULL: none */
    rc_user_t *made;      /* set */
} rc_user_creation_t;

/** Makes a user. A taken name or address is RC_E_CONFLICT with the contract's text. Whoever logs in
 * elsewhere (extern_name) gets a password that nobody knows. */
rc_err_t *rc_user_create(rc_actor_t *actor, rc_user_creation_t *request);

typedef struct rc_user_update_t {
    const rc_user_t *user;
    rc_user_change_t change; /* its password_hash is set */
    const char *password;    /* NULL: as it is */
    rc_user_t *updated;      /* set */
} rc_user_update_t;

/** Changes a user. */
rc_err_t *rc_user_update(rc_actor_t *actor, rc_user_update_t *request);

typedef struct rc_user_deletion_t {
    const rc_user_t *user;
} rc_user_deletion_t;

/** Deletes a user with what is theirs alone, also the repositories of their gists. */
rc_err_t *rc_user_delete(rc_actor_t *actor, const rc_user_deletion_t *request);

typedef struct rc_user_group_creation_t {
    const char *name, *description;
    rc_owner_t owner;
    bool active;
    apr_int64_t id; /* set */
} rc_user_group_creation_t;

/** Makes a user group. */
rc_err_t *rc_user_group_create(rc_actor_t *actor, rc_user_group_creation_t *request);

/* What becomes of a user group; NULL members stay as they are. */
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
    const rc_user_t *user; /* not of rc_user_group_delete */
    bool changed;          /* set; false: it was so before */
} rc_membership_t;

/** Deletes a user group. RC_E_ARG names the objects that it has rights on, as far as the caller may
 * read them; RC_E_FAILED when that leaves none. */
rc_err_t *rc_user_group_delete(rc_actor_t *actor, const rc_membership_t *request);

/** Adds a user to a user group; removes one. */
rc_err_t *rc_user_group_add(rc_actor_t *actor, rc_membership_t *request);
rc_err_t *rc_user_group_remove(rc_actor_t *actor, rc_membership_t *request);

/* A right that is given or taken away. */
typedef struct rc_granting_t {
    rc_grant_t grant;
    unsigned below;        /* which objects below a repository group are meant, too */
    const char *perm;      /* the name of the right; NULL: it is taken away */
    const char *to;        /* name of the user or user group */
    const char *also;      /* the word for below, for the journal */
    const rc_repo_t *repo; /* the object when it is a repository, else NULL */
    const char *name;      /* of the object */
} rc_granting_t;

/** Sets or removes a right. */
rc_err_t *rc_right_set(rc_actor_t *actor, const rc_granting_t *request);

#endif
