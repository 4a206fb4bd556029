// SPDX-License-Identifier: Apache-2.0
/*
 * Runs a program: without a shell, with its own environment, no inherited descriptors, resource
 * limits and a deadline; its whole process group ends with it. rc_proc_run waits for its end;
 * rc_child_start returns at once, for callers that write its input and read its output in pieces.
 */
#ifndef RC_BASE_PROCESS_H
#define RC_BASE_PROCESS_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/err.h"
#include "base/time.h"

#define RC_PROC_PATH "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
#define RC_PROC_TEXT (8 * 1024) /* bytes of the program's text that are kept: the last ones */

typedef struct rc_proc_t {
    const char *const *argv; /* ended by NULL; a name without '/' is looked up in RC_PROC_PATH */
    const char *const *env;  /* the whole environment, ended by NULL */
    const char *dir;         /* its working directory */
    int keep;                /* a descriptor that stays open in it (a lock); 0 = none */
    int in, out;             /* standard input and output; -1: /dev/null, and result->text */
    apr_time_t deadline;     /* on rc_clock(); then the process group is killed */
    apr_off_t max_file;      /* bytes of each file it writes; 0 = no limit */
    apr_off_t max_memory;    /* bytes of memory; 0 = no limit */
    int max_cpu;             /* seconds of processor time; 0 = no limit */
    int nice;                /* the least niceness, 1 to 19; 0 = as this process */
    bool outlives_us;        /* it may finish when this process dies; else it is killed */
    bool gentle;             /* it cleans up at SIGTERM: instead of being killed it gets that
                              * signal, and is killed if it has not ended half a second later */
    /* Takes standard error (and output, unless `out` is given) as it comes, in pieces. Or NULL. */
    void (*hear)(void *baton, const char *text, apr_size_t len);
    void *hear_baton;
    bool (*check)(void *baton); /* called four times a second; false kills it. Or NULL */
    void *baton;
} rc_proc_t;

typedef struct rc_proc_result_t {
    int status;       /* exit status; -1 when a signal ended it */
    int signal;       /* that signal, or 0 */
    bool timed_out;   /* the deadline passed */
    bool stopped;     /* check() returned false */
    const char *text; /* end of standard error (and output, unless `out` was given) */
} rc_proc_result_t;

/** Has all programs with `keep` keep a copy of @a fd as well, from now on. One is kept: the last.
 */
void rc_proc_keep_with(int fd);

/**
 * Runs @a proc to its end. Returns an error (RC_E_INTERNAL) only when it could not be started or
 * waited for; @a result holds how it ended. No process of its group is left after the return.
 */
rc_err_t *rc_proc_run(rc_proc_result_t *result, const rc_proc_t *proc, apr_pool_t *pool);

/** Returns how a program ended, "status 1: TEXT" or "signal 9: TEXT", in @a pool. */
const char *rc_proc_end_text(const rc_proc_result_t *result, apr_pool_t *pool);

/** Returns the error of a program that answers a client, named @a program in messages: RC_E_BUSY
 * after its deadline, RC_E_GONE when check() stopped it, RC_E_INTERNAL for a signal and, with @a
 * status, for an exit status other than 0; else NULL. */
rc_err_t *rc_proc_judge(const rc_proc_result_t *result, const char *program, bool status,
                        apr_pool_t *pool);

/** Sets *@a file to the file that runs as the program @a name: the name itself if it has a '/',
 * else the first executable one in RC_PROC_PATH. RC_E_INTERNAL when there is none. */
rc_err_t *rc_proc_find(const char **file, const char *name, apr_pool_t *pool);

/* ---- a program whose input and output the caller handles while it runs ---- */

typedef struct rc_child_t rc_child_t;

/* The result of a read or write, which never block. */
typedef enum {
    RC_CHILD_MOVED,  /* some bytes were moved */
    RC_CHILD_LATER,  /* no bytes can be moved now: call rc_child_wait */
    RC_CHILD_CLOSED, /* the child closed its input, or wrote all output */
    RC_CHILD_BROKEN  /* the system reports an error */
} rc_child_io_t;

/**
 * Starts @a proc, whose `in` and `out` are ignored: the caller writes its standard input and reads
 * its output. RC_E_INTERNAL when it cannot be started. The child belongs to @a pool: when the pool
 * ends, the process group is killed.
 */
rc_err_t *rc_child_start(rc_child_t **child, const rc_proc_t *proc, apr_pool_t *pool);

/** The same, with the `in` and `out` of @a proc: the caller only waits for its end. */
rc_err_t *rc_child_start_given(rc_child_t **child, const rc_proc_t *proc, apr_pool_t *pool);

/** Returns whether the program has ended, for whatever reason. rc_child_end must follow. */
bool rc_child_has_ended(rc_child_t *child);

/** Writes up to @a len bytes to the child; *@a taken: how many were written. */
rc_child_io_t rc_child_write(apr_size_t *taken, rc_child_t *child, const char *data,
                             apr_size_t len);

/** Closes the child's standard input. */
void rc_child_end_input(rc_child_t *child);

/** Reads up to @a size bytes of the child's output; *@a got: how many were read. */
rc_child_io_t rc_child_read(apr_size_t *got, rc_child_t *child, char *buf, apr_size_t size);

/* What rc_child_wait waits for, beside the end of the child. Descriptors below 1 are none. */
typedef struct rc_child_wait_t {
    bool output;                 /* there is output */
    bool input;                  /* the child takes input */
    int readable, writable;      /* these descriptors are so */
    apr_interval_time_t longest; /* this time has passed */
} rc_child_wait_t;

/**
 * Waits until one of @a wait happens, or the child ends. Returns false when the deadline passed or
 * check() returned false: then rc_child_end(..., true) must follow.
 */
bool rc_child_wait(rc_child_t *child, const rc_child_wait_t *wait);

/**
 * Ends the child: with @a at_once kills its process group, else waits for its end until the
 * deadline. Errors and @a result as in rc_proc_run. A second call returns the same.
 */
rc_err_t *rc_child_end(rc_proc_result_t *result, rc_child_t *child, bool at_once, apr_pool_t *pool);

#endif
