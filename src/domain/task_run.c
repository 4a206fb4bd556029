// SPDX-License-Identifier: Apache-2.0
/*
 * Claims a task and runs it; sets tasks to failed whose process has died. That a process lives is
 * known by the lock of its directory in .rc_tmp, which the kernel or, for other machines, the
 * database releases with it.
 */
#include "domain/task.h"

#include <stdlib.h>
#include <string.h>

#include <apr_lib.h>
#include <apr_strings.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/time.h"
#include "domain/disk_transaction.h"

#define TURN      apr_time_from_msec(250) /* between looks at the tasks */
#define TELL      apr_time_from_sec(1)    /* between records of how far a task is */
#define TRIES     10                      /* while others are in the way */
#define FIRST_TRY apr_time_from_sec(2)    /* doubles each time */
#define DIED      "the process that ran the task has ended"

/* One process that runs tasks. */
typedef struct worker_t {
    rc_env_t *env;
    const rc_task_config_t *config;
    const char *runner; /* the name of its directory */
    apr_pool_t *pool;   /* the task is read into it */
    rc_task_t *task;    /* the claimed one */
    const char *args;
    bool open; /* there are tasks that have not ended */
} worker_t;

typedef rc_err_t *change_fn_t(void *baton, rc_db_t *db);
typedef rc_err_t *txn_fn_t(rc_db_t *db, change_fn_t *fn, void *baton);

/* Runs @a fn in a transaction with a connection of its own. */
static rc_err_t *with_connection(txn_fn_t *txn, rc_env_t *env, change_fn_t *fn, void *baton,
                                 apr_pool_t *pool)
{
    rc_err_t *err;
    rc_db_t *db;

    RC_TRY(rc_db_acquire(&db, env->db_pool, pool));
    err = txn(db, fn, baton);
    rc_db_release(db);
    return err;
}

/* --- finding --- */

typedef struct orphan_t {
    const rc_task_t *task;
    bool ours; /* nobody else has found it first */
} orphan_t;

static rc_err_t *fail_in_txn(void *baton, rc_db_t *db)
{
    orphan_t *orphan = baton;

    return rc_store_task_end(&orphan->ours, db, orphan->task, NULL, DIED);
}

static rc_err_t *fail_orphan(const rc_task_t *task, rc_db_t *db)
{
    orphan_t orphan = {.task = task};

    RC_TRY(rc_db_txn_lazy(db, fail_in_txn, &orphan));
    if (orphan.ours)
        rc_log(RC_LOG_WARNING, APR_SUCCESS, "a task (%s) has failed: " DIED, task->method);
    return NULL;
}

static rc_err_t *fail_orphans(worker_t *worker, rc_db_t *db)
{
    apr_array_header_t *running;
    bool left;
    int i;

    RC_TRY(rc_store_tasks_running(&running, db, worker->pool));
    for (i = 0; i < running->nelts; i++) {
        const rc_task_t *task = &APR_ARRAY_IDX(running, i, rc_task_t);

        RC_TRY(rc_work_dir_is_left(&left, worker->env, task->runner, worker->pool));
        if (left)
            RC_TRY(fail_orphan(task, db));
    }
    return NULL;
}

static rc_err_t *next_task(worker_t *worker, rc_db_t *db)
{
    int most = worker->env->config->tasks_max;

    return rc_store_task_next(&worker->task, db, (most + 1) / 2, most, worker->pool);
}

/* Of a task whose arguments cannot be read there are none. */
static void open_args(worker_t *worker)
{
    const rc_task_t *task = worker->task;
    rc_err_t *err = rc_secret_unseal(&worker->args, worker->env->secret, task->args, task->args_len,
                                     RC_TASK_CONTEXT, worker->pool);

    if (!err)
        return;
    rc_log(RC_LOG_ERR, err->cause, "tasks: %s", rc_err_log_text(err, worker->pool));
    worker->args = NULL;
}

static rc_err_t *claim_in_txn(void *baton, rc_db_t *db)
{
    worker_t *worker = baton;

    RC_TRY(rc_store_tasks_tidy(db));
    RC_TRY(next_task(worker, db));
    if (!worker->task)
        return NULL;
    worker->task->runner = worker->runner;
    RC_TRY(rc_store_task_claim(db, worker->task));
    open_args(worker);
    return NULL;
}

static rc_err_t *look_with(worker_t *worker, rc_db_t *db)
{
    apr_int64_t own, all;

    RC_TRY(fail_orphans(worker, db));
    RC_TRY(rc_store_tasks_open(&own, &all, db, 0));
    worker->open = all > 0;
    RC_TRY(next_task(worker, db));
    return worker->task ? rc_db_txn_lazy(db, claim_in_txn, worker) : NULL;
}

static rc_err_t *look_once(worker_t *worker, apr_pool_t *pool)
{
    rc_err_t *err;
    rc_db_t *db;

    worker->task = NULL;
    worker->pool = pool;
    RC_TRY(rc_db_acquire(&db, worker->env->db_pool, pool));
    err = look_with(worker, db);
    rc_db_release(db);
    return err;
}

/* --- running --- */

/* Returns the last number before a '%'; -1 when there is none. */
static int percent_in(const char *line)
{
    const char *end = strrchr(line, '%'), *start = end;
    long percent;

    while (start && start > line && apr_isdigit(start[-1]))
        start--;
    if (start == end)
        return -1;
    percent = strtol(start, NULL, 10);
    return percent >= 0 && percent <= 100 ? (int)percent : -1;
}

/* Stores the last line, unless it is stored. */
static rc_err_t *tell_in_txn(void *baton, rc_db_t *db)
{
    rc_task_run_t *run = baton;
    bool still;

    if (!run->untold)
        return NULL;
    RC_TRY(rc_store_task_tell(&still, db, run->task, percent_in(run->line), run->line));
    run->lost = !still;
    return NULL;
}

/* What became of a task. */
typedef struct task_end_t {
    rc_task_run_t *run;
    const char *result, *error; /* both NULL: it begins again */
    apr_interval_time_t wait;
    bool put_off;
    bool stored; /* in the transaction of the change */
} task_end_t;

static rc_err_t *end_in_txn(void *baton, rc_db_t *db)
{
    const task_end_t *ending = baton;
    const rc_task_t *task = ending->run->task;
    bool still;

    RC_TRY(tell_in_txn(ending->run, db));
    return ending->result || ending->error
               ? rc_store_task_end(&still, db, task, ending->result, ending->error)
               : rc_store_task_again(&still, db, task, ending->wait, ending->put_off);
}

static const char *outcome_of(const task_end_t *ending)
{
    return ending->result ? "done" : ending->error ? "failed" : "again";
}

/* Decides what becomes of the task when its call has ended. */
static void judge_call(task_end_t *ending, const rc_err_t *err, const char *text)
{
    const rc_task_run_t *run = ending->run;

    if (!err)
        ending->result = text;
    else if (err->kind == RC_E_BUSY && run->task->tries < TRIES) {
        ending->put_off = true;
        ending->wait = FIRST_TRY << run->task->tries;
    } else if (err->kind != RC_E_GONE || run->lost)
        ending->error = text ? text : "internal error";
    ending->stored = !err && run->recorded;
}

/* Makes the call in a pool of its own, whose end removes what it has left on the disk: a full one
 * has room again for what became of the task. */
static void make_call(task_end_t *ending, apr_pool_t *pool)
{
    rc_task_run_t *run = ending->run;
    const char *text = NULL;
    rc_err_t *err;

    apr_pool_create(&run->pool, pool);
    rc_gauge_add(RC_GAUGE_TASKS, 1);
    err = run->args ? run->config->call(&text, run, run->pool)
                    : rc_err_internal(run->pool, APR_SUCCESS, "no arguments");
    rc_gauge_add(RC_GAUGE_TASKS, -1);
    judge_call(ending, err, apr_pstrdup(pool, text));
    apr_pool_destroy(run->pool);
}

/* Stores what became of the task. Its change may have been made, so a database that is busy or away
 * for longer than a connection waits is asked again. */
static rc_err_t *store_end(task_end_t *ending, apr_pool_t *pool)
{
    const rc_task_run_t *run = ending->run;
    apr_pool_t *scratch;
    rc_err_t *err;
    bool again;

    apr_pool_create(&scratch, pool);
    do {
        apr_pool_clear(scratch);
        err = with_connection(rc_db_txn, run->env, end_in_txn, ending, scratch);
        again = err && err->kind == RC_E_BUSY && run->config->goes_on(run->config->baton);
        if (again)
            apr_sleep(TURN);
    } while (again);
    return err;
}

/* Runs the task that was claimed, and stores what became of it. */
static rc_err_t *run_task(worker_t *worker, apr_pool_t *pool)
{
    rc_task_run_t run = {
        .env = worker->env, .config = worker->config, .task = worker->task, .args = worker->args};
    task_end_t ending = {.run = &run};

    make_call(&ending, pool);
    rc_metric_add(RC_METRIC_TASKS, outcome_of(&ending), NULL, 1);
    return ending.stored ? NULL : store_end(&ending, pool);
}

/* Logs an error of looking, which is repeated: the database may be away for some time. */
static bool looks_well(worker_t *worker, bool *failing, apr_pool_t *pool)
{
    rc_err_t *err = look_once(worker, pool);

    if (err && !*failing)
        rc_log(RC_LOG_ERR, err->cause, "tasks: %s", rc_err_log_text(err, pool));
    *failing = err != NULL;
    return !err;
}

rc_err_t *rc_task_work(rc_env_t *env, const rc_task_config_t *config, apr_pool_t *pool)
{
    worker_t worker = {.env = env, .config = config};
    bool failing = false;
    apr_pool_t *own;
    const char *dir;

    RC_TRY(rc_work_dir(&dir, env, pool));
    worker.runner = strrchr(dir, '/') + 1;
    apr_pool_create(&own, pool);
    for (; config->waits(config->baton); apr_sleep(TURN)) {
        apr_pool_clear(own);
        if (!looks_well(&worker, &failing, own))
            continue;
        if (worker.task) {
            rc_task_wake(env); /* somebody else waits for the next one, and for our end */
            return run_task(&worker, own);
        }
        if (!worker.open)
            return NULL;
    }
    return NULL;
}

/* --- while it runs --- */

rc_err_t *rc_task_record(rc_task_run_t *run, rc_db_t *db, const char *result)
{
    bool still;

    RC_TRY(tell_in_txn(run, db));
    RC_TRY(rc_store_task_end(&still, db, run->task, result, NULL));
    run->lost = !still;
    run->recorded = still;
    return still ? NULL : rc_err(run->pool, RC_E_GONE, "the task was given up");
}

/* Stores the last line, unless others write: then later. A failure is no failure of the task. */
static void store_line(rc_task_run_t *run)
{
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, NULL);
    err = with_connection(rc_db_txn_idle, run->env, tell_in_txn, run, scratch);
    run->told = rc_clock();
    run->untold = err && err->kind == RC_E_BUSY;
    if (err && !run->untold)
        rc_log(RC_LOG_INFO, err->cause, "tasks: %s", rc_err_log_text(err, scratch));
    apr_pool_destroy(scratch);
}

static void tell_if_due(rc_task_run_t *run)
{
    if (run->untold && (!run->told || rc_clock() - run->told >= TELL))
        store_line(run);
}

void rc_task_tell(void *baton, const char *line)
{
    rc_task_run_t *run = baton;

    apr_cpystrn(run->line, line, sizeof(run->line));
    run->untold = true;
    tell_if_due(run);
}

bool rc_task_is_gone(void *baton)
{
    rc_task_run_t *run = baton;

    tell_if_due(run);
    return run->lost || !run->config->goes_on(run->config->baton);
}
