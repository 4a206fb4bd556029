// SPDX-License-Identifier: Apache-2.0
/*
 * Makes repositories: new ones, clones of others' and forks (contract 02 §5).
 */
#ifndef RC_DOMAIN_REPO_CREATE_H
#define RC_DOMAIN_REPO_CREATE_H

#include "domain/actor.h"
#include "domain/user.h"

/* Flags that are NULL are those of the server's settings. */
typedef struct rc_repo_creation_t {
    const char *name; /* full path, of rc_repo_name_clean */
    const char *type; /* NULL: the server's default. Not of a fork: its source's */
    rc_owner_t owner;
    const char *description, *landing_rev;
    const char *clone_uri; /* what to clone; NULL or "": nothing */
    const bool *private_, *enable_statistics, *enable_locking, *enable_downloads;
    bool copy_permissions;   /* of the group it is in, or of the source */
    const rc_repo_t *source; /* of a fork */
} rc_repo_creation_t;

/** Makes a repository, empty or a clone, with the missing groups of its name. */
rc_err_t *rc_repo_create(rc_actor_t *actor, const rc_repo_creation_t *request);

/** Makes a repository that is a copy of request->source. */
rc_err_t *rc_repo_fork(rc_actor_t *actor, const rc_repo_creation_t *request);

#endif
