// SPDX-License-Identifier: Apache-2.0
/*
 * Sends what waits for webhooks (contract 12 §1). One process on one machine sends at a time. The
 * deliveries of one webhook about one repository go in their order, one after the other; those of
 * several at once. Each is sent at least once, or is seen to have failed.
 */
#ifndef RC_DOMAIN_DELIVER_H
#define RC_DOMAIN_DELIVER_H

#include "base/spool.h"
#include "domain/actor.h"
#include "store/webhook.h"

/** Writes the body of @a delivery, with @a token in its place. @a actor has a connection, which it
 * may give back. */
typedef rc_err_t *rc_event_render_t(rc_spool_t *body, rc_actor_t *actor,
                                    const rc_delivery_t *delivery, const char *token);

typedef struct rc_sender_config_t {
    rc_event_render_t *render;
    const char *agent;          /* the User-Agent */
    bool once;                  /* end when nothing is due any more */
    bool (*go_on)(void *baton); /* false: end soon. Or NULL */
    void *baton;
} rc_sender_config_t;

/** Sends until config->go_on returns false, or nothing is due (once). Waits while another process
 * sends; with once returns RC_E_BUSY instead. */
rc_err_t *rc_deliver(rc_env_t *env, const rc_sender_config_t *config, apr_pool_t *pool);

#endif
