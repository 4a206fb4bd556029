// SPDX-License-Identifier: Apache-2.0
/*
 * Runs long use cases in the background, as tasks (contract 13 §1). A face records a call, after
 * everything that is refused at once; a process that httpd starts makes the same call later, with
 * the rights that its caller has then. A task runs in one process on one machine. When that
 * process is killed, the task has failed; when httpd stops, it begins anew with the next start.
 */
#ifndef RC_DOMAIN_TASK_H
#define RC_DOMAIN_TASK_H

#include "domain/actor.h"
#include "store/task.h"

/** The context that the arguments of a task are bound to (rc_secret_seal). */
#define RC_TASK_CONTEXT "task"

/* A call to be made in the background. */
typedef struct rc_task_order_t {
    const char *method, *args; /* args: JSON */
    const char *name;          /* output: the id that the client gets */
} rc_task_order_t;

/**
 * Records a task of the actor's caller. @a check runs in the transaction: it refuses what is no
 * longer allowed. RC_E_ARG when the server runs no tasks, RC_E_BUSY when too many have not ended.
 */
rc_err_t *rc_task_add(rc_actor_t *actor, rc_task_order_t *order, rc_actor_fn_t *check, void *baton);

/** Finds a task; @a out is NULL when there is none, or when it is neither the caller's nor the
 * caller a super-admin. A scoped token finds what it has added itself. */
rc_err_t *rc_task_find(rc_task_t **out, rc_actor_t *actor, const char *name);

/* --- the process that runs tasks: task_run.c --- */

#define RC_TASK_LINE 256 /* bytes that are kept of a line */

typedef struct rc_task_run_t rc_task_run_t;

/** Makes the call of a task. *@a text is the result as JSON or, with an error, what the client gets
 * to read instead. */
typedef rc_err_t *rc_task_call_t(const char **text, rc_task_run_t *run, apr_pool_t *pool);

typedef struct rc_task_config_t {
    rc_task_call_t *call;
    bool (*waits)(void *baton);   /* false: claim no task any more */
    bool (*goes_on)(void *baton); /* false: interrupt the one that runs */
    void *baton;
} rc_task_config_t;

struct rc_task_run_t {
    rc_env_t *env;
    apr_pool_t *pool;
    const rc_task_config_t *config;
    const rc_task_t *task;
    const char *args;        /* JSON */
    char line[RC_TASK_LINE]; /* what its program has said last */
    bool untold;             /* that is not stored */
    apr_time_t told;         /* rc_clock(): when another line was */
    bool lost;               /* the task is not ours any more */
    bool recorded;           /* rc_task_record was called */
};

/**
 * Runs one task, and returns then, or when no task is left that has not ended. Waits while tasks
 * are left that cannot begin yet, or that other processes run: when one of these is killed, it sets
 * their tasks to failed. To be called in a process of its own.
 */
rc_err_t *rc_task_work(rc_env_t *env, const rc_task_config_t *config, apr_pool_t *pool);

/** Stores the result in the transaction of the change that the task makes, so that both happen or
 * none. RC_E_GONE when the task is not ours any more. */
rc_err_t *rc_task_record(rc_task_run_t *run, rc_db_t *db, const char *result);

/** Returns whether the task is to be interrupted: the `gone` of its work (base/work.h), which is
 * asked some times a second. */
bool rc_task_is_gone(void *run);

/** Takes a line of a program, which is stored with the percentage in it: the `progress` of its
 * work. At most one line a second is, but the last one always, by rc_task_is_gone. */
void rc_task_tell(void *run, const char *line);

/** Wakes the processes that start those which run tasks: changes the time of the file
 * rc_task_bell. */
void rc_task_wake(const rc_env_t *env);
const char *rc_task_bell(const char *repo_root, apr_pool_t *pool);

#endif
