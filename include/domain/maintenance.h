// SPDX-License-Identifier: Apache-2.0
/*
 * Maintains repositories: packs them, writes the indexes that make clones cheap, and removes what
 * nothing needs any more (rc_vcs_maintain, contract 06 §3 and §6). One repository at a time, over
 * all processes. It shares the lock of the repository, so readers and pushes go on; it stops as
 * soon as a writer waits for the lock, to pull, rename, delete or strip.
 */
#ifndef RC_DOMAIN_MAINTENANCE_H
#define RC_DOMAIN_MAINTENANCE_H

#include "domain/actor.h"
#include "domain/task.h"

typedef struct rc_maintenance_t {
    const rc_repo_t *repo;
    bool prune_now; /* removes what nothing reaches at once; excludes all writers */
    void (*progress)(void *baton,
                     const char *action); /* before each action; NULL: of the actor's work */
    void *baton;
} rc_maintenance_t;

/** Maintains one repository now. *@a actions: what was done (const char *), in the actor's pool.
 * Requires the right to administer it. Returns RC_E_BUSY when another maintenance runs for a
 * minute, or when it stopped for a writer. */
rc_err_t *rc_repo_maintain(apr_array_header_t **actions, rc_actor_t *actor,
                           const rc_maintenance_t *request);

/** The same by a task (domain/task.h), after the check of the right. */
rc_err_t *rc_repo_maintain_later(rc_actor_t *actor, const rc_repo_t *repo, rc_task_order_t *order);

/** Has @a repo maintained in the background of this process, if it is due. To be called after each
 * change of its contents; it never waits and reports no error. Repeated calls make one run in ten
 * minutes. Does nothing in a process without rc_maintenance_open. */
void rc_maintenance_later(rc_env_t *env, const rc_repo_t *repo);

/** Sets @a env->maintenance, for the life of @a pool, whose end stops a running maintenance. The
 * thread starts with the first repository that is due. */
rc_err_t *rc_maintenance_open(rc_env_t *env, apr_pool_t *pool);

#endif
