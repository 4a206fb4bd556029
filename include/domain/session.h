// SPDX-License-Identifier: Apache-2.0
/*
 * Sessions of browsers (contract 10 §3): a login by a form, which the pages and the views of
 * repositories accept, and nothing else. The cookie holds 160 random bits; the database has their
 * digest. A session ends after 30 minutes without a request, after 12 hours, by a logout, and when
 * the user's password changes or they become inactive. rc_identify finds its caller.
 */
#ifndef RC_DOMAIN_SESSION_H
#define RC_DOMAIN_SESSION_H

#include "domain/actor.h"

/** Begins a session of the user @a user_id, who has logged in. *@a cookie is the cookie's value, in
 * the actor's pool. Outside of transactions, as the others. */
rc_err_t *rc_session_begin(const char **cookie, rc_actor_t *actor, apr_int64_t user_id);

/** Ends the session with this cookie, if there is one. */
rc_err_t *rc_session_end(rc_actor_t *actor, const char *cookie);

/** Records, once a minute, that the session of actor->caller was used. Failures are only logged. */
void rc_session_use(rc_actor_t *actor, const char *cookie);

#endif
