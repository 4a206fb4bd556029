// SPDX-License-Identifier: Apache-2.0
/*
 * Reads and writes tasks.
 */
#include "store/task.h"

#include "sql.h"

#define ENDED_KEPT 100 /* tasks of a user that have ended */
#define KEPT       apr_time_from_sec(86400)

/* The only place that knows the columns of TASK_COLUMNS. */
static rc_task_t read_task(rc_stmt_t *st, apr_pool_t *pool)
{
    rc_blob_t args = rc_column_blob(st, 6, pool);
    bool tells = rc_column_peek(st, 10) != NULL;

    return (rc_task_t){
        .id = rc_column_int(st, 0),
        .name = rc_column_text(st, 1, pool),
        .user_id = rc_column_int(st, 2),
        .key_id = rc_column_int(st, 3),
        .ip = rc_column_text(st, 4, pool),
        .method = rc_column_text(st, 5, pool),
        .args = args.data,
        .args_len = args.len,
        .state = rc_column_text(st, 7, pool),
        .runner = rc_column_text(st, 8, pool),
        .tries = (int)rc_column_int(st, 9),
        .percent = tells ? (int)rc_column_int(st, 10) : -1,
        .line = rc_column_text(st, 11, pool),
        .result = rc_column_text(st, 12, pool),
        .error = rc_column_text(st, 13, pool),
        .created_on = rc_column_int(st, 14),
        .started_on = rc_column_int(st, 15),
        .finished_on = rc_column_int(st, 16),
    };
}

/* Steps a statement that yields one task at most. */
static rc_err_t *step_task(rc_task_t **out, rc_stmt_t *st, rc_db_t *db, apr_pool_t *pool)
{
    bool found;

    *out = NULL;
    RC_TRY(rc_step(&found, st, db));
    if (!found)
        return NULL;
    *out = apr_palloc(pool, sizeof(**out));
    **out = read_task(st, pool);
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_task_add(rc_db_t *db, const rc_task_t *task)
{
    rc_blob_t args = {task->args, task->args_len};

    RC_TRY(rc_execute(db, SQL_TASKS_TRIM, "id", task->user_id, ENDED_KEPT));
    return rc_execute(db, SQL_TASK_ADD, "sirssbi", task->name, task->user_id, task->key_id,
                      task->ip, task->method, &args, (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_tasks_open(apr_int64_t *own, apr_int64_t *all, rc_db_t *db, apr_int64_t user_id)
{
    rc_stmt_t *st;
    bool found;

    RC_TRY(rc_query(&st, db, SQL_TASKS_OPEN, "i", user_id));
    RC_TRY(rc_step(&found, st, db));
    *own = rc_column_int(st, 0);
    *all = rc_column_int(st, 1);
    rc_done(st);
    return NULL;
}

rc_err_t *rc_store_task(rc_task_t **out, rc_db_t *db, const char *name, apr_pool_t *pool)
{
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_TASK_BY_NAME, "s", name));
    return step_task(out, st, db, pool);
}

rc_err_t *rc_store_tasks_running(apr_array_header_t **out, rc_db_t *db, apr_pool_t *pool)
{
    rc_stmt_t *st;
    bool found;

    *out = apr_array_make(pool, 4, sizeof(rc_task_t));
    RC_TRY(rc_query(&st, db, SQL_TASKS_RUNNING, ""));
    for (;;) {
        RC_TRY(rc_step(&found, st, db));
        if (!found)
            return NULL;
        APR_ARRAY_PUSH(*out, rc_task_t) = read_task(st, pool);
    }
}

rc_err_t *rc_store_task_next(rc_task_t **out, rc_db_t *db, int most_of_user, int most,
                             apr_pool_t *pool)
{
    apr_int64_t taken = apr_time_now();
    rc_stmt_t *st;

    RC_TRY(rc_query(&st, db, SQL_TASK_NEXT, "idd", taken, most_of_user, most));
    return step_task(out, st, db, pool);
}

rc_err_t *rc_store_task_claim(rc_db_t *db, const rc_task_t *task)
{
    return rc_execute(db, SQL_TASK_CLAIM, "isi", task->id, task->runner,
                      (apr_int64_t)apr_time_now());
}

rc_err_t *rc_store_tasks_tidy(rc_db_t *db)
{
    apr_int64_t taken = apr_time_now();

    return rc_execute(db, SQL_TASKS_FORGET, "i", taken - KEPT);
}

rc_err_t *rc_store_task_tell(bool *still, rc_db_t *db, const rc_task_t *task, int percent,
                             const char *line)
{
    RC_TRY(rc_execute(db, SQL_TASK_TELL, "isds", task->id, task->runner, percent, line));
    *still = rc_changes(db) > 0;
    return NULL;
}

rc_err_t *rc_store_task_end(bool *still, rc_db_t *db, const rc_task_t *task, const char *result,
                            const char *error)
{
    RC_TRY(rc_execute(db, SQL_TASK_END, "issssi", task->id, task->runner,
                      result ? "done" : "failed", result, error, (apr_int64_t)apr_time_now()));
    *still = rc_changes(db) > 0;
    return NULL;
}

rc_err_t *rc_store_task_again(bool *still, rc_db_t *db, const rc_task_t *task,
                              apr_interval_time_t wait, bool put_off)
{
    apr_int64_t taken = apr_time_now();

    RC_TRY(
        rc_execute(db, SQL_TASK_AGAIN, "isid", task->id, task->runner, taken + wait, (int)put_off));
    *still = rc_changes(db) > 0;
    return NULL;
}
