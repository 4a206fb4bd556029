// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases of repository groups, right in the database and on the disk: each has a directory
 * (contract 02 §7, §10).
 */
#ifndef RC_DOMAIN_REPO_GROUP_H
#define RC_DOMAIN_REPO_GROUP_H

#include "domain/actor.h"
#include "domain/user.h"

typedef struct rc_repo_group_creation_t {
    const char *name;        /* full path, of rc_repo_name_clean */
    const char *parent_sent; /* a parent that is named beside the name, as it was named; or NULL */
    const rc_repo_group_t *parent; /* NULL: there is no such group, or it is hidden */
    const char *description;       /* "": the name */
    rc_owner_t owner;
    bool copy_permissions; /* of the parent */
    apr_int64_t id;        /* set */
} rc_repo_group_creation_t;

/** Makes a group and its directory. */
rc_err_t *rc_repo_group_create(rc_actor_t *actor, rc_repo_group_creation_t *request);

/* What becomes of a group; NULL members stay as they are. */
typedef struct rc_repo_group_update_t {
    const rc_repo_group_t *group;
    bool may_move;                 /* a name or parent was named */
    const char *last;              /* the last part of its name */
    const char *parent_sent;       /* the parent, as it was named; "": the top level */
    const rc_repo_group_t *parent; /* NULL: there is no such group, or it is hidden */
    const char *description;
    rc_owner_t owner;
    const bool *enable_locking; /* for it and all below it */
} rc_repo_group_update_t;

/** Changes a group; a new name or parent moves its directory and renames all that is below. */
rc_err_t *rc_repo_group_update(rc_actor_t *actor, const rc_repo_group_update_t *request);

typedef struct rc_repo_group_deletion_t {
    const rc_repo_group_t *group;
} rc_repo_group_deletion_t;

/** Deletes a group in which nothing is; its directory goes aside. */
rc_err_t *rc_repo_group_delete(rc_actor_t *actor, const rc_repo_group_deletion_t *request);

#endif
