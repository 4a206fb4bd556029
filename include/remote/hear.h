// SPDX-License-Identifier: Apache-2.0
/*
 * Passes on what the program of a fetch says about how far it is, line by line and without
 * credentials (rc_work_t.progress).
 */
#ifndef RC_REMOTE_HEAR_H
#define RC_REMOTE_HEAR_H

#include "remote/address.h"

#define RC_HEARD_LINE 240 /* bytes; longer lines are not passed on */

/* What is heard of one program. */
typedef struct rc_hearing_t {
    const rc_work_t *work; /* whose progress it is */
    const rc_remote_url_t *url;
    char line[RC_HEARD_LINE + 1]; /* the one that has begun */
    apr_size_t len;               /* of it; more than RC_HEARD_LINE: it is too long */
} rc_hearing_t;

/** Returns whether somebody wants to know how far a fetch is. */
bool rc_remote_is_heard(const rc_remote_policy_t *policy);

/** Takes the next piece of what a program says: the `hear` of rc_proc_t, with a rc_hearing_t. */
void rc_remote_hear(void *hearing, const char *text, apr_size_t len);

/** Returns @a text, in @a pool, without what a program has said about how far it is: states of
 * lines that it has overwritten. */
const char *rc_remote_final(const char *text, apr_pool_t *pool);

#endif
