// SPDX-License-Identifier: Apache-2.0
/*
 * Tasks: calls that run in the background (contract 13 §1). A task is pending, then it runs in the
 * process whose directory in .rc_tmp is its runner, then it is done or has failed. What has ended
 * is kept for a day.
 */
#ifndef RC_STORE_TASK_H
#define RC_STORE_TASK_H

#include <apr_tables.h>

#include "db/db.h"

typedef struct rc_task_t {
    apr_int64_t id;
    const char *name; /* random: clients know it by that */
    apr_int64_t user_id;
    apr_int64_t key_id; /* by which the user came; 0: a program on the server */
    const char *ip, *method;
    const void *args; /* sealed; NULL: it has ended */
    int args_len;
    const char *state;                               /* "pending", "running", "done", "failed" */
    const char *runner;                              /* NULL: it does not run */
    int tries;                                       /* how often it was put off */
    int percent;                                     /* -1: unknown */
    const char *line;                                /* NULL: none */
    const char *result;                              /* JSON; NULL: it is not done */
    const char *error;                               /* NULL: it has not failed */
    apr_int64_t created_on, started_on, finished_on; /* microseconds; 0: not yet */
} rc_task_t;

/** Adds a pending task, and deletes the oldest of its user that have ended, if there are many. */
rc_err_t *rc_store_task_add(rc_db_t *db, const rc_task_t *task);

/** Counts the tasks that have not ended: those of a user, and all. */
rc_err_t *rc_store_tasks_open(apr_int64_t *own, apr_int64_t *all, rc_db_t *db, apr_int64_t user_id);

/** Finds a task, in @a pool; NULL when there is none. */
rc_err_t *rc_store_task(rc_task_t **out, rc_db_t *db, const char *name, apr_pool_t *pool);

/** Lists the tasks that run: rc_task_t. */
rc_err_t *rc_store_tasks_running(apr_array_header_t **out, rc_db_t *db, apr_pool_t *pool);

/** Finds the next task that can begin, if fewer than @a most run, and fewer than @a most_of_user of
 * its user; NULL when there is none. */
rc_err_t *rc_store_task_next(rc_task_t **out, rc_db_t *db, int most_of_user, int most,
                             apr_pool_t *pool);

/** Lets it run in task->runner. In the transaction that has found it. */
rc_err_t *rc_store_task_claim(rc_db_t *db, const rc_task_t *task);

/** Deletes the tasks that have ended a day ago. */
rc_err_t *rc_store_tasks_tidy(rc_db_t *db);

/*
 * These change a task that runs, in the process that it names as its runner. *@a still is false,
 * and nothing is changed, when it does not any more.
 */

/** Stores how far it is. */
rc_err_t *rc_store_task_tell(bool *still, rc_db_t *db, const rc_task_t *task, int percent,
                             const char *line);

/** Ends it: with a result, or else with an error. */
rc_err_t *rc_store_task_end(bool *still, rc_db_t *db, const rc_task_t *task, const char *result,
                            const char *error);

/** Makes it pending again, to begin after @a wait; with @a put_off this counts as a try. */
rc_err_t *rc_store_task_again(bool *still, rc_db_t *db, const rc_task_t *task,
                              apr_interval_time_t wait, bool put_off);

#endif
