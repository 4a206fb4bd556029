// SPDX-License-Identifier: Apache-2.0
/*
 * One run of a program: what process.c (waits for its end) and child.c (talks to it piece by
 * piece) share.
 */
#ifndef RC_BASE_SPAWN_H
#define RC_BASE_SPAWN_H

#include <sys/types.h>

#include "base/process.h"

#define RC_RUN_CHECK_EVERY apr_time_from_msec(250)
#define RC_RUN_BLIND_WAIT  apr_time_from_msec(20) /* between looks, where there is no pidfd */

enum { RC_RUN_IN, RC_RUN_OUT, RC_RUN_ERR, RC_RUN_REPORT, RC_RUN_FDS };

/* One run. Descriptors that are not open are -1. */
typedef struct rc_run_t {
    const rc_proc_t *proc;
    const char *file;         /* of the program */
    int child_fd[RC_RUN_FDS]; /* the child's ends */
    bool own_fd[RC_RUN_FDS];  /* opened by us, so closed by us */
    int text_fd, report_fd;   /* our ends */
    int in_fd, out_fd;        /* our ends, of a child that is fed and read (child.c) */
    pid_t parent, pid;
    int pid_fd;
    bool timed_out, stopped, lost;
    int status; /* as waitpid gives it */
    char text[2 * RC_PROC_TEXT];
    apr_size_t used;
    bool cut; /* text no longer holds the beginning */
} rc_run_t;

/** A run of @a proc, not started, in @a pool. */
rc_run_t *rc_run_create(const rc_proc_t *proc, apr_pool_t *pool);

/** Starts the program; with @a piped, standard input and output are in_fd and out_fd, which never
 * block. Whatever it returns, rc_run_finish and rc_run_close must follow. */
rc_err_t *rc_run_start(rc_run_t *run, bool piped, apr_pool_t *pool);

/** Takes what is there to read of the standard error, keeping the end. True while there may be
 * more at once. */
bool rc_run_read_text(rc_run_t *run);

/** Has it ended? It stays a zombie, so that its group's number stays taken. */
bool rc_run_has_ended(rc_run_t *run);

/** Kills what is left of the group while its leader still holds the number, then reaps the leader.
 * Nothing when no program was started. */
void rc_run_finish(rc_run_t *run);

/** How it ended, with the text that it printed. */
void rc_run_result(rc_proc_result_t *result, const rc_run_t *run, apr_pool_t *pool);

/** Closes what is open. */
void rc_run_close(rc_run_t *run);

/** The error of a run that another process waited for; else NULL. */
rc_err_t *rc_run_lost(const rc_run_t *run, apr_pool_t *pool);

#endif
