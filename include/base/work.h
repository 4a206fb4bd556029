// SPDX-License-Identifier: Apache-2.0
/*
 * What one answer may cost: time, bytes of contents, files and directories, and a place among the
 * costly answers; it ends early when the client has gone. An opened repository carries it
 * (rc_vcs_open), so that the limits hold wherever something is read.
 */
#ifndef RC_BASE_WORK_H
#define RC_BASE_WORK_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/limit.h"

typedef struct rc_work_t {
    apr_pool_t *pool;          /* of the answer: what it holds is given back when it ends */
    apr_interval_time_t time;  /* that the answer may take; 0 = no limit */
    apr_time_t deadline;       /* the same, on rc_clock() */
    apr_off_t bytes;           /* of contents that may still be read */
    apr_off_t cheap;           /* of these, so many take no place among the costly answers */
    apr_int64_t entries;       /* files and directories that may still be looked at */
    rc_limit_t *expensive;     /* the places; NULL: none are needed */
    bool costly;               /* has its place */
    bool (*gone)(void *baton); /* has the client gone? NULL: not known */
    void *baton;
    apr_time_t next_look; /* at the clock and the client */
} rc_work_t;

/* What may be read before an answer counts as costly. */
#define RC_WORK_CHEAP ((apr_off_t)8 << 20)

/** An answer without limits begins, until @a pool ends. */
void rc_work_begin(rc_work_t *work, apr_pool_t *pool);

/** From now on the answer may take @a time (0 = no limit). */
void rc_work_set_time(rc_work_t *work, apr_interval_time_t time);

/*
 * All of these take NULL for work without limits. Errors live in @a pool: RC_E_LIMIT with a text
 * for clients, RC_E_BUSY when no place is free, RC_E_GONE when the client has gone.
 */

/** Counts @a bytes of contents (0: only looks); from time to time looks at clock and client. */
rc_err_t *rc_work_spend(rc_work_t *work, apr_off_t bytes, apr_pool_t *pool);

/** Counts one file or directory. */
rc_err_t *rc_work_entry(rc_work_t *work, apr_pool_t *pool);

/** Takes a place among the costly answers, unless it has one. */
rc_err_t *rc_work_costly(rc_work_t *work, apr_pool_t *pool);

/** Is the time used up, or the client gone? Looks every time. */
rc_err_t *rc_work_look(rc_work_t *work, apr_pool_t *pool);

#endif
