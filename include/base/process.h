// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one program: no shell, an environment of its own, no inherited descriptors, limits, a
 * deadline, and an end for everything it started. rc_proc_run waits for its end; rc_child_start
 * returns while it runs, for callers that feed it and read it piece by piece.
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

/* ---- a program that is fed and read while it runs ---- */

typedef struct rc_child_t rc_child_t;

/* What came of reading or writing, which never block. */
typedef enum {
    RC_CHILD_MOVED,  /* some bytes */
    RC_CHILD_LATER,  /* none now: rc_child_wait */
    RC_CHILD_CLOSED, /* the child does not read any more, or has written all */
    RC_CHILD_BROKEN  /* the system reports an error */
} rc_child_io_t;

/**
 * Starts @a proc, whose `in` and `out` are not used: standard input and output are the caller's to
 * feed and to read. An error (RC_E_INTERNAL) when it cannot be started. The child belongs to
 * @a pool: when that ends, the process group is killed.
 */
rc_err_t *rc_child_start(rc_child_t **child, const rc_proc_t *proc, apr_pool_t *pool);

/** Gives the child up to @a len bytes; @a taken: how many it took. */
rc_child_io_t rc_child_write(apr_size_t *taken, rc_child_t *child, const char *data,
                             apr_size_t len);

/** Ends the child's standard input. */
void rc_child_end_input(rc_child_t *child);

/** Reads up to @a size bytes of what the child has written; @a got: how many. */
rc_child_io_t rc_child_read(apr_size_t *got, rc_child_t *child, char *buf, apr_size_t size);

/**
 * Waits until there is output, or (@a to_write) the child takes input, or @a other (a descriptor;
 * -1: none) is readable, but at most @a longest. False when the deadline has come or check() said
 * no: rc_child_end(..., true) must follow.
 */
bool rc_child_wait(rc_child_t *child, bool to_write, int other, apr_interval_time_t longest);

/**
 * Ends the child: with @a at_once kills its process group, else waits for its end until the
 * deadline. Errors and @a result as rc_proc_run. The child is gone when this returns; a second call
 * returns the same.
 */
rc_err_t *rc_child_end(rc_proc_result_t *result, rc_child_t *child, bool at_once, apr_pool_t *pool);

#endif
