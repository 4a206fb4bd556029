// SPDX-License-Identifier: Apache-2.0
/*
 * The process whose children run tasks, one each (domain/task.h). It opens no database, so that it
 * can fork at any time. While there are tasks, one child more than run waits for the next one, and
 * for the death of others. A restart of httpd ends this process and not its children: each finishes
 * its task. They end when httpd's first process is gone.
 */
#include "beside.h"

#include <http_log.h>

#include <errno.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/time.h"
#include "faces/task.h"

#define TURN  apr_time_from_msec(100) /* between looks at the bell and at the children */
#define AGAIN apr_time_from_sec(2)    /* before another child starts after one that has failed */

typedef struct tasks_t {
    const rc_beside_t *it;
    const char *bell;
    struct timespec rung; /* the time of the bell when it was seen last */
    int children;
    bool wanted;           /* another child */
    apr_time_t not_before; /* rc_clock() */
} tasks_t;

/* --- a child --- */

static pid_t httpd, parent_of_tasks;

/* When httpd stops, it sends a signal to all of its processes; when it is killed, none. */
static bool goes_on(void *unused)
{
    (void)unused;
    return !rc_http_beside_is_ended() && (!kill(httpd, 0) || errno != ESRCH);
}

static bool waits(void *unused)
{
    return getppid() == parent_of_tasks && goes_on(unused);
}

static rc_err_t *work(const rc_beside_t *it, apr_pool_t *pool)
{
    static const rc_task_config_t config = {
        .call = rc_task_make_call, .waits = waits, .goes_on = goes_on};
    rc_env_t *env;

    RC_TRY(rc_env_open(&env, it->config, pool));
    return rc_task_work(env, &config, pool);
}

static _Noreturn void become_child(const rc_beside_t *it)
{
    apr_pool_t *pool;
    rc_err_t *err;

    prctl(PR_SET_NAME, "rcapi-task");
    rc_metrics_begin();
    apr_pool_create(&pool, NULL);
    apr_pool_tag(pool, "rcapi task");
    err = work(it, pool);
    if (err)
        ap_log_error(APLOG_MARK, APLOG_ERR, err->cause, it->s, RCLOGNO(0093) "cannot run tasks: %s",
                     rc_err_log_text(err, pool));
    apr_pool_destroy(pool);
    _exit(err != NULL);
}

/* --- their parent --- */

static void start_child(tasks_t *tasks)
{
    pid_t pid;

    parent_of_tasks = getpid();
    pid = fork();
    if (!pid)
        become_child(tasks->it);
    tasks->wanted = pid < 0;
    tasks->children += pid > 0;
    if (pid > 0)
        return;
    ap_log_error(APLOG_MARK, APLOG_ERR, errno, tasks->it->s,
                 RCLOGNO(0094) "cannot start a process for a task");
    tasks->not_before = rc_clock() + AGAIN;
}

/* Another child finds out what became of the task of one that was killed. */
static void reap_children(tasks_t *tasks)
{
    int status;

    while (tasks->children && waitpid(-1, &status, WNOHANG) > 0) {
        tasks->children--;
        if (WIFEXITED(status) && !WEXITSTATUS(status))
            continue;
        tasks->wanted = true;
        tasks->not_before = rc_clock() + (WIFEXITED(status) ? AGAIN : TURN);
    }
}

static void look_at_bell(tasks_t *tasks)
{
    struct timespec *rung = &tasks->rung;
    struct stat st;

    if (stat(tasks->bell, &st) ||
        (st.st_mtim.tv_sec == rung->tv_sec && st.st_mtim.tv_nsec == rung->tv_nsec))
        return;
    *rung = st.st_mtim;
    tasks->wanted = true;
}

/* The first child looks for what a former httpd has left. */
static void attend_tasks(const rc_beside_t *it)
{
    tasks_t tasks = {.it = it, .wanted = true};

    httpd = getppid();
    tasks.bell = rc_task_bell(it->config->repo_root, it->pool);
    for (; rc_http_beside_goes_on(NULL); apr_sleep(TURN)) {
        reap_children(&tasks);
        look_at_bell(&tasks);
        if (tasks.wanted && tasks.children <= it->config->tasks_max &&
            rc_clock() >= tasks.not_before)
            start_child(&tasks);
    }
}

void rc_http_tasks_start(const rc_env_config_t *config, server_rec *s, apr_pool_t *pconf)
{
    static const rc_beside_kind_t kind = {"rcapi-tasks", "the process that starts those of tasks",
                                          attend_tasks};

    if (config->tasks_max)
        rc_http_beside_start(&kind, config, s, pconf);
}
