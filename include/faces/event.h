// SPDX-License-Identifier: Apache-2.0
/*
 * The body of an event for webhooks (contract 12 §1): what the API's face adds to the queue of the
 * domain, because a commit and a pull request look as in its answers.
 */
#ifndef RC_FACES_EVENT_H
#define RC_FACES_EVENT_H

#include "domain/deliver.h"

/** Writes the body of @a delivery: a rc_event_render_t. Commits, pull requests and comments that do
 * not exist any more are described by their ids alone. */
rc_err_t *rc_event_render(rc_spool_t *body, rc_actor_t *actor, const rc_delivery_t *delivery,
                          const char *token);

#endif
