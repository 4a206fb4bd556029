// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a git command of a pull request: within the limits of the answer that waits for it, in one
 * repository, which can borrow the objects of another one.
 */
#ifndef RC_VCS_GIT_JOB_H
#define RC_VCS_GIT_JOB_H

#include <apr_file_io.h>

#include "env.h"
#include "base/work.h"

typedef struct rc_git_job_t {
    const char *git_dir;
    const char *lender;   /* the git directory of a repository whose objects it borrows, or NULL */
    const char *work_dir; /* a directory of ours, for temporary files */
    rc_work_t *work;      /* limits and client; or NULL */
    apr_pool_t *pool;     /* temporary files are closed with it */
} rc_git_job_t;

/* What one command gets and does. */
typedef struct rc_git_command_t {
    const char *const *argv;           /* ended by NULL */
    apr_file_t *in, *out;              /* NULL: no input; output is for messages only */
    const rc_git_setting_t *variables; /* more environment variables, ended by {NULL}; or NULL */
} rc_git_command_t;

/**
 * Runs a command to its end and sets *@a status to its exit status. RC_E_LIMIT when it takes too
 * long, too much memory or processor time; RC_E_GONE when the client has gone. With a NULL
 * @a status, another exit status than 0 is RC_E_INTERNAL.
 */
rc_err_t *rc_git_job(int *status, const rc_git_job_t *job, const rc_git_command_t *command);

/** Creates a temporary file without a name that lasts. */
rc_err_t *rc_git_job_file(apr_file_t **file, const rc_git_job_t *job);

/** Runs @a argv and reads its output, at most @a most bytes, into the pool of the job. *@a out ends
 * with a NUL. */
rc_err_t *rc_git_job_read(int *status, const char **out, const rc_git_job_t *job,
                          const char *const *argv, apr_size_t most);

#endif
