// SPDX-License-Identifier: Apache-2.0
/*
 * Use cases on webhooks (contract 12 §1). Administrators of a repository or of a repository group
 * have theirs, super-admins those for all repositories. A webhook gets the events of repositories
 * that the user may read who was the last to create or change it.
 *
 * Errors are RC_E_ARG and RC_E_FAILED as of domain/actor.h, RC_E_NOTFOUND for a webhook or a
 * delivery that does not exist or that the caller may not administer.
 */
#ifndef RC_DOMAIN_WEBHOOK_H
#define RC_DOMAIN_WEBHOOK_H

#include "domain/actor.h"
#include "store/webhook.h"

/** The context that the target of a webhook is bound to (rc_secret_seal). */
#define RC_WEBHOOK_CONTEXT "webhook"

#define RC_WEBHOOKS_MOST 20 /* of one repository, one group, or the server */

/* What a webhook shall be; NULL: as it was, or the default. */
typedef struct rc_webhook_wish_t {
    const char *url;
    const apr_array_header_t *events; /* const char * */
    const char *secret;               /* "": none */
    const bool *with_token, *active;
    const char *server_url;       /* how the caller reaches the server */
    const rc_repo_t *repo;        /* of a new one: what it is for; NULL: see group */
    const rc_repo_group_t *group; /* the same; both NULL: all repositories */
    apr_int64_t id;               /* of an existing one */
    rc_webhook_t *made;           /* output */
} rc_webhook_wish_t;

/** Creates a webhook. RC_E_ARG says what is wrong with the wish. */
rc_err_t *rc_webhook_create(rc_actor_t *actor, rc_webhook_wish_t *wish);

/** Changes a webhook, which counts its failures anew; the caller becomes its owner. */
rc_err_t *rc_webhook_update(rc_actor_t *actor, rc_webhook_wish_t *wish);

/** Deletes a webhook with what waits for it. */
rc_err_t *rc_webhook_delete(rc_actor_t *actor, apr_int64_t id);

/** Finds a webhook that the caller may administer. */
rc_err_t *rc_webhook_find(rc_webhook_t **out, rc_actor_t *actor, apr_int64_t id);

/** Lists those of @a repo, or all that the caller may administer (NULL): rc_webhook_t. */
rc_err_t *rc_webhooks(apr_array_header_t **out, rc_actor_t *actor, const rc_repo_t *repo);

/** Sends the delivery *@a id again: as a new one, whose id *@a id becomes; one that waits, as soon
 * as those before it have ended. */
rc_err_t *rc_webhook_redeliver(rc_actor_t *actor, apr_int64_t *id);

/** Queues the event webhook-test for one webhook; *@a delivery is its id. */
rc_err_t *rc_webhook_test(apr_int64_t *delivery, rc_actor_t *actor, apr_int64_t id);

/** The names of all events, ended by NULL. */
extern const char *const rc_webhook_events[];

/** Reads address and secret ("": none) of a webhook out of its sealed target. */
rc_err_t *rc_webhook_target(const char **url, const char **secret, const rc_env_t *env,
                            const void *target, int len, apr_pool_t *pool);

/** Returns the address @a url without what may be secret in it: a password and the query. */
const char *rc_webhook_mask(const char *url, apr_pool_t *pool);

#endif
