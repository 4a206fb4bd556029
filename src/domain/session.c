// SPDX-License-Identifier: Apache-2.0
/*
 * Begins, uses and ends sessions.
 */
#include "domain/session.h"

#include "base/log.h"
#include "base/secret.h"
#include "session_life.h"

static rc_err_t *insert_session(rc_actor_t *actor, void *baton)
{
    rc_session_life_t life = rc_session_life();

    RC_TRY(rc_store_sessions_purge(actor->db, &life));
    return rc_store_session_insert(actor->db, baton);
}

rc_err_t *rc_session_begin(const char **cookie, rc_actor_t *actor, apr_int64_t user_id)
{
    unsigned char digest[RC_DIGEST_SIZE];
    rc_new_session_t session = {
        .digest = digest, .len = sizeof(digest), .user_id = user_id, .ip = actor->ip};

    RC_TRY(rc_key_generate(cookie, actor->pool));
    RC_TRY(rc_key_generate(&session.csrf, actor->pool));
    rc_key_digest(digest, *cookie);
    return rc_actor_txn(actor, insert_session, &session);
}

static rc_err_t *delete_session(rc_actor_t *actor, void *baton)
{
    return rc_store_session_delete(actor->db, baton, RC_DIGEST_SIZE);
}

rc_err_t *rc_session_end(rc_actor_t *actor, const char *cookie)
{
    unsigned char digest[RC_DIGEST_SIZE];

    rc_key_digest(digest, cookie);
    return rc_actor_txn(actor, delete_session, digest);
}

static rc_err_t *update_session(void *baton, rc_db_t *db)
{
    return rc_store_session_update(db, baton, RC_DIGEST_SIZE);
}

void rc_session_use(rc_actor_t *actor, const char *cookie)
{
    unsigned char digest[RC_DIGEST_SIZE];
    rc_err_t *err;

    if (!actor->caller || !actor->caller->idle || !actor->db)
        return;
    rc_key_digest(digest, cookie);
    if ((err = rc_db_txn_lazy(actor->db, update_session, digest)))
        rc_log(RC_LOG_WARNING, err->cause, "a session: %s", rc_err_log_text(err, actor->pool));
}
