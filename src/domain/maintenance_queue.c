// SPDX-License-Identifier: Apache-2.0
/*
 * The thread of a process that maintains repositories in the background. It starts with the first
 * repository that is due, and ends with the environment: then its programs are killed, and what
 * they have not finished is removed.
 *
 * A repository that a writer wants meanwhile is left to it, and tried again later.
 */
#include "maintenance_work.h"

#include <apr_strings.h>
#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "base/log.h"
#include "base/metrics.h"
#include "base/thread.h"
#include "base/time.h"
#include "store/repo_change.h"

#define JOBS    64                      /* due repositories; more are found due again later */
#define TURN    apr_time_from_sec(1)    /* between looks at the place of all processes */
#define BETWEEN apr_time_from_sec(600)  /* runs of one repository; longer after a failure */
#define FAILED  apr_time_from_sec(3600) /* between a failure and the next run */
#define SETTLE  apr_time_from_sec(2)    /* the request that reports a change still holds the lock */
#define RETRY   apr_time_from_sec(5)    /* after a writer wanted it; doubles each time */
#define DOUBLES 7

typedef struct job_t {
    apr_int64_t repo_id;
    char type[16];         /* of the repository */
    apr_time_t not_before; /* rc_clock() */
    int stops;             /* by writers */
    bool due;              /* false: it only remembers when it last ran */
} job_t;

struct rc_maintenance_queue_t {
    rc_env_t *env;
    apr_pool_t *pool; /* used with the mutex held */
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    apr_thread_t *thread; /* NULL: not started */
    bool stop;
    job_t jobs[JOBS];
    int n;
};

typedef struct rc_maintenance_queue_t queue_t;

typedef enum { DONE, UNDONE, AGAIN } outcome_t;

static bool is_stopped(queue_t *queue)
{
    bool stop;

    apr_thread_mutex_lock(queue->mutex);
    stop = queue->stop;
    apr_thread_mutex_unlock(queue->mutex);
    return stop;
}

static bool goes_on(void *baton)
{
    return !is_stopped(baton);
}

/* --- one repository --- */

static void report(const rc_repo_t *repo, const apr_array_header_t *actions, const rc_err_t *err,
                   apr_pool_t *pool)
{
    if (err)
        rc_log(RC_LOG_WARNING, err->cause, "maintenance of %s: %s",
               repo->name ? repo->name : "a repository", rc_err_log_text(err, pool));
    else
        rc_log(RC_LOG_INFO, APR_SUCCESS, "maintenance of %s: %s", repo->name,
               apr_array_pstrcat(pool, actions, ';'));
}

/* Waits until no other process maintains; returns false when this one ends. */
static bool await_place(queue_t *queue, apr_pool_t *pool)
{
    bool taken = false;

    while (!taken && !is_stopped(queue)) {
        if (rc_maintenance_place(&taken, queue->env, pool))
            return false;
        if (taken)
            break;
        apr_thread_mutex_lock(queue->mutex);
        if (!queue->stop)
            apr_thread_cond_timedwait(queue->changed, queue->mutex, TURN);
        apr_thread_mutex_unlock(queue->mutex);
    }
    return taken;
}

/* Completes @a repo, whose id and type are set, and locks it. *@a needed is false when nothing is
 * to be done. */
static rc_err_t *begin(bool *needed, rc_repo_t *repo, rc_locks_t *locks, rc_env_t *env, rc_db_t *db)
{
    *needed = false;
    RC_TRY(rc_store_repo_name(&repo->name, db, repo->id, locks->pool));
    if (!repo->name)
        return NULL; /* it was deleted */
    RC_TRY(rc_vcs_needs_maintenance(needed, repo->type,
                                    rc_env_repo_path(env, repo->name, locks->pool), locks->pool));
    return *needed ? rc_repo_share(locks, env, db, repo->id, repo->name) : NULL;
}

static rc_err_t *begin_with_db(bool *needed, rc_repo_t *repo, rc_locks_t *locks, rc_env_t *env)
{
    rc_db_t *db;
    rc_err_t *err;

    RC_TRY(rc_db_acquire(&db, env->db_pool, locks->pool));
    err = begin(needed, repo, locks, env, db);
    rc_db_release(db);
    return err;
}

static outcome_t maintain(queue_t *queue, rc_repo_t *repo, apr_pool_t *pool)
{
    rc_locks_t locks = {.pool = pool, .fd = -1};
    const rc_maintenance_t request = {.repo = repo};
    rc_maintenance_run_t run = {queue->env, &request, .go_on = goes_on, .baton = queue};
    apr_array_header_t *actions = NULL;
    rc_err_t *err;
    bool needed;

    if (!await_place(queue, pool))
        return AGAIN;
    if ((err = begin_with_db(&needed, repo, &locks, queue->env)) && locks.busy)
        return AGAIN;
    if (!err && !needed)
        return DONE;
    run.lock = locks.fd;
    run.life = locks.life;
    if (!err)
        err = rc_maintenance_run(&actions, &run, pool);
    if (err && err->kind == RC_E_GONE)
        return AGAIN;
    report(repo, actions, err, pool);
    return err ? UNDONE : DONE;
}

/* --- the thread --- */

/* Returns the job that is due first; NULL when there is none. */
static job_t *next_job(queue_t *queue)
{
    job_t *job, *first = NULL;

    for (job = queue->jobs; job < queue->jobs + queue->n; job++)
        if (job->due && (!first || job->not_before < first->not_before))
            first = job;
    return first;
}

static job_t *find_job(queue_t *queue, apr_int64_t repo_id)
{
    job_t *job;

    for (job = queue->jobs; job < queue->jobs + queue->n; job++)
        if (job->repo_id == repo_id)
            return job;
    return NULL;
}

static void set_due(job_t *job, bool due)
{
    if (job->due != due)
        rc_gauge_add(RC_GAUGE_MAINTENANCE, due ? 1 : -1);
    job->due = due;
}

static void settle(job_t *job, outcome_t outcome, bool wanted_again)
{
    apr_time_t now = rc_clock();

    if (outcome == AGAIN) {
        set_due(job, true);
        job->not_before = now + (RETRY << (job->stops < DOUBLES ? job->stops : DOUBLES));
        job->stops++;
        return;
    }
    set_due(job, wanted_again);
    job->stops = 0;
    job->not_before = now + (outcome == DONE ? BETWEEN : FAILED);
}

/* The mutex is held, but not while a repository is maintained. */
static void do_job(queue_t *queue, job_t *job)
{
    rc_repo_t repo = {.id = job->repo_id};
    apr_int64_t id = job->repo_id;
    apr_pool_t *pool;
    outcome_t outcome;

    set_due(job, false);
    apr_pool_create(&pool, NULL);
    apr_pool_tag(pool, "rc_maintenance");
    repo.type = apr_pstrdup(pool, job->type);
    apr_thread_mutex_unlock(queue->mutex);
    outcome = maintain(queue, &repo, pool);
    apr_pool_destroy(pool);
    apr_thread_mutex_lock(queue->mutex);
    if ((job = find_job(queue, id)))
        settle(job, outcome, job->due);
}

static void *APR_THREAD_FUNC attend(apr_thread_t *thread, void *baton)
{
    queue_t *queue = baton;

    (void)thread;
    apr_thread_mutex_lock(queue->mutex);
    while (!queue->stop) {
        job_t *job = next_job(queue);
        apr_time_t wait = job ? job->not_before - rc_clock() : 0;

        if (!job)
            apr_thread_cond_wait(queue->changed, queue->mutex);
        else if (wait > 0)
            apr_thread_cond_timedwait(queue->changed, queue->mutex, wait);
        else
            do_job(queue, job);
    }
    apr_thread_mutex_unlock(queue->mutex);
    return NULL;
}

static bool start_thread(queue_t *queue)
{
    apr_status_t rv;

    if (queue->thread)
        return true;
    rv = rc_thread_start(&queue->thread, attend, queue, queue->pool);
    if (rv)
        rc_log(RC_LOG_WARNING, rv, "cannot start the thread of maintenance");
    return !rv;
}

/* Returns a slot for a new job: a free one, or one that only remembers its last run. */
static job_t *new_job(queue_t *queue)
{
    job_t *job, *oldest = NULL;

    if (queue->n < JOBS)
        return &queue->jobs[queue->n++];
    for (job = queue->jobs; job < queue->jobs + JOBS; job++)
        if (!job->due && (!oldest || job->not_before < oldest->not_before))
            oldest = job;
    return oldest;
}

static void add_job(queue_t *queue, const rc_repo_t *repo)
{
    job_t *job = find_job(queue, repo->id);

    if (!job && (job = new_job(queue))) {
        *job = (job_t){.repo_id = repo->id, .not_before = rc_clock() + SETTLE};
        apr_cpystrn(job->type, repo->type, sizeof(job->type));
    }
    if (!job || job->due || !start_thread(queue))
        return;
    set_due(job, true);
    apr_thread_cond_signal(queue->changed);
}

void rc_maintenance_later(rc_env_t *env, const rc_repo_t *repo)
{
    queue_t *queue = env->maintenance;
    apr_pool_t *scratch;
    bool needed;

    if (!queue)
        return;
    apr_pool_create(&scratch, NULL);
    if (rc_vcs_needs_maintenance(&needed, repo->type, rc_env_repo_path(env, repo->name, scratch),
                                 scratch))
        needed = false;
    apr_pool_destroy(scratch);
    if (!needed)
        return;
    apr_thread_mutex_lock(queue->mutex);
    if (!queue->stop)
        add_job(queue, repo);
    apr_thread_mutex_unlock(queue->mutex);
}

static apr_status_t end_thread(void *baton)
{
    queue_t *queue = baton;

    rc_thread_end(&queue->thread, &queue->stop, queue->mutex, queue->changed);
    return APR_SUCCESS;
}

rc_err_t *rc_maintenance_open(rc_env_t *env, apr_pool_t *pool)
{
    queue_t *queue = apr_pcalloc(pool, sizeof(*queue));
    apr_status_t rv;

    queue->env = env;
    apr_pool_create(&queue->pool, pool);
    apr_pool_tag(queue->pool, "rc_maintenance_queue");
    rv = apr_thread_mutex_create(&queue->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (!rv)
        rv = apr_thread_cond_create(&queue->changed, pool);
    if (rv)
        return rc_err_internal(pool, rv, "cannot make the queue of maintenance");
    apr_pool_pre_cleanup_register(pool, queue, end_thread);
    env->maintenance = queue;
    return NULL;
}
