// SPDX-License-Identifier: Apache-2.0
/*
 * Limits what one answer may cost: time, bytes of contents, files and directories, and a slot among
 * the costly answers. It also stops the work when the client has gone. An open repository holds it
 * (rc_vcs_open), so the limits apply to every read.
 */
#ifndef RC_BASE_WORK_H
#define RC_BASE_WORK_H

#include <stdbool.h>

#include <apr_time.h>

#include "base/limit.h"

typedef struct rc_work_t {
    apr_pool_t *pool;         /* of the answer: its slot is released when the pool ends */
    apr_interval_time_t time; /* the longest time for the answer; 0 = no limit */
    apr_time_t deadline;      /* the same, on rc_clock(); 0 = none */
    apr_off_t bytes;          /* of contents: how many may still be read */
    apr_off_t cheap;          /* of these: how many may be read without a slot */
    apr_int64_t entries;      /* files and directories: how many may still be read */
    rc_limit_t *expensive;    /* the slots; NULL: no slot is required */
    rc_limit_t *visitors; /* those of visitors, for a slot too; NULL: the caller is no visitor */
    bool costly;          /* the answer has its slot */
    bool (*gone)(void *baton); /* returns whether the client has gone; NULL: unknown */
    void (*progress)(void *baton,
                     const char *line); /* takes what a program says about how far it
                                         * is, without credentials; NULL: nobody does */
    void *baton;
    apr_off_t unseen;     /* bytes that were read since the clock was checked */
    apr_time_t next_look; /* when to check the client again */
} rc_work_t;

/* Bytes that may be read before an answer counts as costly. */
#define RC_WORK_CHEAP ((apr_off_t)8 << 20)

/** Starts the count of one answer, without limits, until @a pool ends. */
void rc_work_begin(rc_work_t *work, apr_pool_t *pool);

/** Limits the answer to @a time from now on (0 = no limit). */
void rc_work_set_time(rc_work_t *work, apr_interval_time_t time);

/*
 * All of these accept NULL: no limits. Errors live in @a pool: RC_E_LIMIT with a text for clients,
 * RC_E_BUSY when no slot is free, RC_E_GONE when the client has gone.
 */

/** Counts @a bytes of contents and checks the deadline, but not for each small content; always when
 * @a bytes is 0. Now and then checks the client. */
rc_err_t *rc_work_spend(rc_work_t *work, apr_off_t bytes, apr_pool_t *pool);

/** Counts one file or directory. */
rc_err_t *rc_work_entry(rc_work_t *work, apr_pool_t *pool);

/** Acquires a slot among the costly answers, unless the answer has one. */
rc_err_t *rc_work_costly(rc_work_t *work, apr_pool_t *pool);

/** Checks the deadline and the client, at each call. */
rc_err_t *rc_work_look(rc_work_t *work, apr_pool_t *pool);

#endif
