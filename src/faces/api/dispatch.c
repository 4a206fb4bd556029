// SPDX-License-Identifier: Apache-2.0
/*
 * One call, from key to result (contract 00 §3, steps 9 to 15).
 */
#include "dispatch.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "domain/identify.h"

/* What the API answers to whoever it refuses. */
static rc_err_t *refuse(rc_call_t *call, rc_refusal_t refusal)
{
    switch (refusal) {
    case RC_REFUSED_NOT:
        return NULL;
    case RC_REFUSED_UNKNOWN:
        return rc_err(call->pool, RC_E_ARG, "Invalid API KEY");
    case RC_REFUSED_INACTIVE:
        return rc_err(call->pool, RC_E_ARG, "Request from this user not allowed");
    case RC_REFUSED_ADDRESS:
        return rc_err(call->pool, RC_E_ARG, "Request from IP:%s not allowed",
                      call->request->client_ip);
    default:
        return rc_err(call->pool, RC_E_ARG, "API KEY has bad role for an API call");
    }
}

/* Steps 10 to 13. */
static rc_err_t *identify(rc_call_t *call)
{
    const rc_credentials_t credentials = {
        .local = !call->key,
        .key = call->key,
        .only_key = true,
        .roles = RC_ROLE_ALL | RC_ROLE_API,
        .ip = call->request->client_ip,
    };
    rc_identity_t who;

    RC_TRY(rc_identify(&who, call->actor.db, &credentials, call->pool));
    call->actor.caller = who.caller;
    return refuse(call, who.refusal);
}

/* A failure of the look-up also reads as a wrong key. */
rc_err_t *rc_call_check(rc_call_t *call)
{
    rc_err_t *err = identify(call);

    if (err && err->kind != RC_E_ARG) {
        rc_log(RC_LOG_ERR, err->cause, "key look-up: %s", rc_err_log_text(err, call->pool));
        return rc_err(call->pool, RC_E_ARG, "Invalid API KEY");
    }
    return err ? err : rc_args_bind(call);
}

static rc_err_t *run_method(rc_call_t *call, void *baton)
{
    rc_json_t *out = baton;

    RC_TRY(call->method->run(call, out));
    return rc_json_finish(out);
}

/* A writer is checked here first, so that a refused caller never takes the write lock. */
static rc_err_t *check_and_read(rc_actor_t *actor, void *baton)
{
    rc_call_t *call = baton;

    (void)actor;
    RC_TRY(rc_call_check(call));
    rc_args_log_unknown(call);
    return call->method->flags & (RC_WRITES | RC_ALONE | RC_AWAY) ? NULL
                                                                  : run_method(call, call->out);
}

rc_err_t *rc_dispatch(rc_call_t *call, rc_json_t *out)
{
    unsigned flags = call->method->flags;

    call->out = out;
    RC_TRY(rc_actor_read(&call->actor, check_and_read, call));
    if (flags & RC_WRITES)
        return rc_call_txn(call, run_method, out);
    if (flags & RC_AWAY)
        return rc_call_away(call, run_method, out);
    return flags & RC_ALONE ? run_method(call, out) : NULL;
}
