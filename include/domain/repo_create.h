// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases that create repositories: empty ones, clones of remotes, and forks (contract 02 §5).
 */
#ifndef RC_DOMAIN_REPO_CREATE_H
#define RC_DOMAIN_REPO_CREATE_H

#include "domain/actor.h"
#include "domain/task.h"
#include "domain/user.h"

/* A NULL flag takes its value from the server's settings. */
typedef struct rc_repo_creation_t {
    const char *name; /* full path, as rc_text_clean_path returns it */
    const char *type; /* NULL: the server's default. Ignored for a fork */
    rc_owner_t owner;
    const char *description, *landing_rev;
    const char *clone_uri; /* the remote to clone; NULL or "": none */
    const bool *private_, *enable_statistics, *enable_locking, *enable_downloads;
    bool copy_permissions;   /* of the group it is in, or of the source */
    const rc_repo_t *source; /* of a fork */
} rc_repo_creation_t;

/** Creates a repository, empty or as a clone, and the missing groups of its name. */
rc_err_t *rc_repo_create(rc_actor_t *actor, const rc_repo_creation_t *request);

/** Creates a repository as a copy of request->source. */
rc_err_t *rc_repo_fork(rc_actor_t *actor, const rc_repo_creation_t *request);

/*
 * The same in the background: these make every check that needs no long work, and then record a
 * task (domain/task.h). The repository is there when the task is done, not before: half of a
 * repository is never visible. The name can be taken meanwhile; then the task fails.
 */
rc_err_t *rc_repo_create_later(rc_actor_t *actor, const rc_repo_creation_t *request,
                               rc_task_order_t *order);
rc_err_t *rc_repo_fork_later(rc_actor_t *actor, const rc_repo_creation_t *request,
                             rc_task_order_t *order);

#endif
