// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases of repository groups, each of which is a row in the database and a directory on the
 * disk (contract 02 §7, §10).
 */
#ifndef RC_DOMAIN_REPO_GROUP_H
#define RC_DOMAIN_REPO_GROUP_H

#include "domain/actor.h"
#include "domain/user.h"

typedef struct rc_repo_group_creation_t {
    const char *name;              /* full path, as rc_text_clean_path returns it */
    const char *parent_sent;       /* a parent given separately from the name, as sent; or NULL */
    const rc_repo_group_t *parent; /* NULL: there is no such group, or it is hidden */
    const char *description;       /* "" becomes the name */
    rc_owner_t owner;
    bool copy_permissions; /* of the parent */
    apr_int64_t id;        /* output */
} rc_repo_group_creation_t;

/** Creates a group and its directory. */
rc_err_t *rc_repo_group_create(rc_actor_t *actor, rc_repo_group_creation_t *request);

/* A change of a group; NULL members leave a value unchanged. */
typedef struct rc_repo_group_update_t {
    const rc_repo_group_t *group;
    bool may_move;                 /* the request has a name or a parent */
    const char *last;              /* the last part of its name */
    const char *parent_sent;       /* the new parent, as the client sent it; "": the top level */
    const rc_repo_group_t *parent; /* NULL: there is no such group, or it is hidden */
    const char *description;
    rc_owner_t owner;
    const bool *enable_locking; /* for the group and everything below it */
} rc_repo_group_update_t;

/** Changes a group; a new name or parent moves its directory and renames everything below it. */
rc_err_t *rc_repo_group_update(rc_actor_t *actor, const rc_repo_group_update_t *request);

typedef struct rc_repo_group_deletion_t {
    const rc_repo_group_t *group;
} rc_repo_group_deletion_t;

/** Deletes an empty group; its directory is renamed (rc_repo_name_removed). */
rc_err_t *rc_repo_group_delete(rc_actor_t *actor, const rc_repo_group_deletion_t *request);

#endif
