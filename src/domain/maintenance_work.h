// SPDX-License-Identifier: Apache-2.0
/*
 * One run of maintenance, for the use case (maintenance.c) and the thread (maintenance_queue.c).
 */
#ifndef RC_DOMAIN_MAINTENANCE_WORK_H
#define RC_DOMAIN_MAINTENANCE_WORK_H

#include "domain/maintenance.h"
#include "domain/repo.h"

typedef struct rc_maintenance_run_t {
    const rc_env_t *env;
    const rc_maintenance_t *request;
    bool (*go_on)(void *baton);
    void *baton;
    int lock;     /* the descriptor that holds the lock of the repository */
    int life;     /* of that lock, for rc_db_locks_hold */
    bool yielded; /* set: it stopped because a writer waits for the lock */
} rc_maintenance_run_t;

/** Takes the place of the one maintenance of all processes, until @a pool ends; never waits. */
rc_err_t *rc_maintenance_place(bool *taken, const rc_env_t *env, apr_pool_t *pool);

/** Maintains the repository. Both locks are held. RC_E_GONE when it was stopped. */
rc_err_t *rc_maintenance_run(apr_array_header_t **actions, rc_maintenance_run_t *run,
                             apr_pool_t *pool);

#endif
