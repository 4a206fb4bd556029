// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one program and waits for it: no shell, an environment of its own, no inherited
 * descriptors, limits, a deadline, and an end for everything it started.
 */
#ifndef RC_BASE_PROCESS_H
#define RC_BASE_PROCESS_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/err.h"
#include "base/time.h"

#define RC_PROC_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define RC_PROC_TEXT (8 * 1024) /* of what the program prints, this much is kept: the end */

typedef struct rc_proc_t {
    const char *const *argv;    /* ended by NULL; a name without '/' is looked up in RC_PROC_PATH */
    const char *const *env;     /* the whole environment, ended by NULL */
    const char *dir;            /* where it runs */
    int keep;                   /* a descriptor that stays open until it ends (a lock); 0 = none */
    int in, out;                /* its standard input and output; -1: nothing, and result->text */
    apr_time_t deadline;        /* on rc_clock(); everything is killed then */
    apr_off_t max_file;         /* bytes of a file it writes; 0 = no limit */
    apr_off_t max_memory;       /* bytes of memory it allocates; 0 = no limit */
    int max_cpu;                /* seconds of processor time; 0 = no limit */
    bool outlives_us;           /* may finish when this process dies; else it dies as well */
    bool (*check)(void *baton); /* asked a few times a second: may it go on? May be NULL */
    void *baton;
} rc_proc_t;

typedef struct rc_proc_result_t {
    int status;       /* exit status; -1 when a signal ended it */
    int signal;       /* that signal, or 0 */
    bool timed_out;   /* the deadline came first */
    bool stopped;     /* check() said no */
    const char *text; /* end of standard error (and output, unless `out` was given) */
} rc_proc_result_t;

/**
 * Runs @a proc to its end. An error (RC_E_INTERNAL) only when it could not be started or waited
 * for; how it ended is in @a result. Nothing of its process group is left when this returns.
 */
rc_err_t *rc_proc_run(rc_proc_result_t *result, const rc_proc_t *proc, apr_pool_t *pool);

#endif
