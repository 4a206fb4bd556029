// SPDX-License-Identifier: Apache-2.0
/*
 * Declares one run of a program, for process.c (waits for its end), child.c (writes and reads in
 * pieces), spawn.c and watch.c.
 */
#ifndef RC_BASE_SPAWN_H
#define RC_BASE_SPAWN_H

#include <sys/types.h>

#include "base/process.h"

#define RC_RUN_CHECK_EVERY apr_time_from_msec(250)
#define RC_RUN_BLIND_WAIT  apr_time_from_msec(20) /* between checks, when there is no pidfd */

enum { RC_RUN_IN, RC_RUN_OUT, RC_RUN_ERR, RC_RUN_REPORT, RC_RUN_FDS };

/* One run. Descriptors that are not open are -1. */
typedef struct rc_run_t {
    const rc_proc_t *proc;
    const char *file;         /* of the program */
    int child_fd[RC_RUN_FDS]; /* the child's ends */
    bool own_fd[RC_RUN_FDS];  /* opened here, so closed here */
    int text_fd, report_fd;   /* the parent's ends */
    int in_fd, out_fd;        /* the parent's ends of a piped child (child.c) */
    pid_t parent, pid;
    bool counted; /* among the programs that run */
    int pid_fd;
    bool timed_out, stopped, lost;
    int status; /* as from waitpid */
    char text[2 * RC_PROC_TEXT];
    apr_size_t used;
    bool cut; /* text no longer holds the beginning */
} rc_run_t;

/** Creates a run of @a proc in @a pool; does not start it. */
rc_run_t *rc_run_create(const rc_proc_t *proc, apr_pool_t *pool);

/** Starts the program; with @a piped, its standard input and output are in_fd and out_fd, which
 * never block. rc_run_finish and rc_run_close must follow, also after an error. */
rc_err_t *rc_run_start(rc_run_t *run, bool piped, apr_pool_t *pool);

/** Reads available bytes of the standard error and keeps the last ones. Returns true when there may
 * be more at once. */
bool rc_run_read_text(rc_run_t *run);

/** Returns whether it has ended. It stays a zombie, so that the number of its group is not reused.
 */
bool rc_run_has_ended(rc_run_t *run);

/** Kills the rest of the group, then reaps its leader. Does nothing when no program was started. */
void rc_run_finish(rc_run_t *run);

/** Fills @a result: how the program ended and the text that it printed, in @a pool. */
void rc_run_result(rc_proc_result_t *result, const rc_run_t *run, apr_pool_t *pool);

/** Closes all descriptors of the run. */
void rc_run_close(rc_run_t *run);

/** Returns RC_E_INTERNAL when another thread's wait took the exit status; else NULL. */
rc_err_t *rc_run_lost(const rc_run_t *run, apr_pool_t *pool);

#endif
