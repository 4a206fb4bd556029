// SPDX-License-Identifier: Apache-2.0
/*
 * Runs git for pull requests. The settings of the repositories have no effect that matters: what is
 * merged, is merged in a repository of ours that borrows the objects.
 */
#include "job.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/process.h"

#define PATIENCE  apr_time_from_sec(300)
#define MEMORY    ((apr_off_t)4 << 30)
#define PROCESSOR 300                   /* seconds */
#define FILE_MOST ((apr_off_t)16 << 30) /* bytes of one file that git writes */

typedef struct job_watch_t {
    const rc_git_job_t *job;
    rc_err_t *err;
} job_watch_t;

static bool may_go_on(void *baton)
{
    job_watch_t *watch = baton;

    watch->err = rc_work_look(watch->job->work, watch->job->pool);
    return !watch->err;
}

/* A path for GIT_ALTERNATE_OBJECT_DIRECTORIES, which separates paths by colons unless they are
 * quoted. */
static const char *quoted_objects(const char *git_dir, apr_pool_t *pool)
{
    char *out = apr_palloc(pool, 2 * strlen(git_dir) + sizeof("\"/objects\"")), *p = out;

    *p++ = '"';
    for (; *git_dir; git_dir++) {
        if (*git_dir == '"' || *git_dir == '\\')
            *p++ = '\\';
        *p++ = *git_dir;
    }
    memcpy(p, "/objects\"", sizeof("/objects\""));
    return out;
}

static const char *const *job_environment(const rc_git_job_t *job, const rc_git_command_t *command)
{
    rc_git_env_t *env = rc_git_env(job->git_dir, job->work_dir, job->pool);
    const rc_git_setting_t *variable = command->variables;

    rc_git_env_config(env, "core.fsync", "committed,reference");
    rc_git_env_config(env, "safe.directory", job->git_dir);
    if (job->lender)
        rc_git_env_set(env, "GIT_ALTERNATE_OBJECT_DIRECTORIES",
                       quoted_objects(job->lender, job->pool));
    for (; variable && (*variable)[0]; variable++)
        rc_git_env_set(env, (*variable)[0], (*variable)[1]);
    return rc_git_env_list(env);
}

static rc_err_t *judge_job(int *status, const rc_git_job_t *job, const char *name,
                           const rc_proc_result_t *result)
{
    if (result->timed_out || result->status < 0)
        return rc_err(job->pool, RC_E_LIMIT, "git %s takes too long", name);
    if (status)
        *status = result->status;
    if (status || !result->status)
        return NULL;
    return rc_err_internal(job->pool, APR_SUCCESS, "git %s in %s ended with %s", name, job->git_dir,
                           rc_proc_end_text(result, job->pool));
}

rc_err_t *rc_git_job(int *status, const rc_git_job_t *job, const rc_git_command_t *command)
{
    job_watch_t watch = {job, NULL};
    rc_proc_t proc = {.argv = command->argv,
                      .env = job_environment(job, command),
                      .dir = job->work_dir,
                      .in = rc_fs_number(command->in),
                      .out = rc_fs_number(command->out),
                      .max_memory = MEMORY,
                      .max_cpu = PROCESSOR,
                      .max_file = FILE_MOST,
                      .gentle = true,
                      .check = may_go_on,
                      .baton = &watch};
    rc_proc_result_t result;

    proc.deadline = rc_clock() + PATIENCE;
    RC_TRY(rc_proc_run(&result, &proc, job->pool));
    return result.stopped ? watch.err : judge_job(status, job, command->argv[1], &result);
}

rc_err_t *rc_git_job_file(apr_file_t **file, const rc_git_job_t *job)
{
    char *name = apr_pstrcat(job->pool, job->work_dir, "/job-XXXXXX", NULL);
    apr_status_t rv = apr_file_mktemp(file, name,
                                      APR_FOPEN_CREATE | APR_FOPEN_EXCL | APR_FOPEN_READ |
                                          APR_FOPEN_WRITE | APR_FOPEN_BUFFERED,
                                      job->pool);

    if (rv)
        return rc_fs_status(job->pool, rv, "create", name);
    unlink(name);
    return NULL;
}

rc_err_t *rc_git_job_read(int *status, const char **out, const rc_git_job_t *job,
                          const char *const *argv, apr_size_t most)
{
    rc_git_command_t command = {.argv = argv};
    apr_size_t len = most;
    char *text;
    apr_status_t rv;

    RC_TRY(rc_git_job_file(&command.out, job));
    RC_TRY(rc_git_job(status, job, &command));
    RC_TRY(rc_fs_rewind(command.out, job->pool));
    text = apr_palloc(job->pool, most + 1);
    rv = apr_file_read_full(command.out, text, most, &len);
    apr_file_close(command.out);
    if (rv && !APR_STATUS_IS_EOF(rv))
        return rc_err_internal(job->pool, rv, "cannot read what git has written");
    text[len] = '\0';
    *out = text;
    return NULL;
}
