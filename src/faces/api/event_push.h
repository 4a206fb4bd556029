// SPDX-License-Identifier: Apache-2.0
/*
 * The part of an event's body that describes commits. Private to src/faces/api.
 */
#ifndef RC_FACES_API_EVENT_PUSH_H
#define RC_FACES_API_EVENT_PUSH_H

#include "method.h"
#include "store/webhook.h"

typedef struct rc_event_push_t {
    rc_actor_t *actor;
    const rc_repo_t *repo; /* NULL: deleted */
    const rc_user_t *user; /* who pushed, or NULL */
    const rc_event_t *event;
    const char *type, *url, *permalink; /* of the repository */
} rc_event_push_t;

/** Writes the member "push": branches, tags, commits. */
rc_err_t *rc_event_write_push(rc_json_t *out, const rc_event_push_t *push);

/** Writes the member "commit": the one that event->about names. */
rc_err_t *rc_event_write_commit(rc_json_t *out, const rc_event_push_t *push);

#endif
