// SPDX-License-Identifier: Apache-2.0
/*
 * The body of a push on its way to git: the commands as they were read, then the pack. Its last
 * bytes are held back until all others have come and a last check allows the push. Without them
 * git stores nothing: a push that is refused late, or whose client leaves, has no effect. git
 * ignores some bytes behind a pack, so that a client can make it store the pack before the last
 * check; therefore no byte passes when the latest check is older than a second.
 */
#ifndef RC_FACES_GIT_PUSH_BODY_H
#define RC_FACES_GIT_PUSH_BODY_H

#include "base/body.h"
#include "push_request.h"

#define RC_PUSH_HELD 32 /* bytes */

typedef struct rc_push_body_t {
    rc_body_t *from;
    const rc_push_request_t *request;
    /* Called when all bytes have come, and once a second before. Returns whether git gets more. */
    bool (*allow)(void *baton);
    void *baton;
    apr_time_t checked; /* rc_clock() of the latest check */

    bool complete;          /* git gets all bytes */
    rc_body_state_t failed; /* why the client's body ended early; RC_BODY_MORE: it did not */

    /* private */
    const char *piece;
    apr_size_t piece_len, held_len;
    int given; /* parts of the request */
    bool over;
    char held[RC_PUSH_HELD], out[RC_PUSH_HELD];
} rc_push_body_t;

/** Returns the body that git gets, in @a pool, which @a push, set up by the caller (its first five
 * members), must outlive. It always ends with RC_BODY_END, or has RC_BODY_LATER. */
rc_body_t *rc_push_body(rc_push_body_t *push, apr_pool_t *pool);

#endif
