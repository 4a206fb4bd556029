// SPDX-License-Identifier: Apache-2.0
/*
 * Identifies the caller, checks their rights and the arguments of a call (contract 00 §3, steps 10
 * to 14).
 */
#include "kept.h"

#include <string.h>

#include "base/log.h"

/* Returns the error of the contract for a refused caller. */
static rc_err_t *refuse_caller(rc_call_t *call, rc_refusal_t refusal)
{
    if (refusal)
        call->fault = refusal == RC_REFUSED_UNKNOWN ? RC_FAULT_KEY : RC_FAULT_ACCESS;
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
        .local = !call->key && !call->key_id,
        .key = call->key,
        .key_id = call->key_id,
        .only_key = true,
        .roles = RC_ROLE_ALL | RC_ROLE_API,
        .ip = call->request->client_ip,
    };
    rc_known_t *known = call->known;
    rc_identity_t who;

    if (known && known->key && !strcmp(known->key, call->key)) {
        who = known->who;
        if (who.caller)
            who.caller->unrecorded = false; /* the first call has recorded the use of the key */
    } else {
        RC_TRY(rc_identify(&who, call->actor.db, &credentials, known ? known->pool : call->pool));
        if (known)
            *known = (rc_known_t){known->pool, call->key, who};
    }
    call->actor.caller = who.caller;
    return refuse_caller(call, who.refusal);
}

/* An internal failure of the look-up is logged and answered as an invalid key (contract 00 §3); a
 * database that has gone away says nothing about the key. */
rc_err_t *rc_call_check(rc_call_t *call)
{
    rc_err_t *err;

    call->fault = RC_FAULT_OTHER;
    err = identify(call);
    if (err && err->kind == RC_E_BUSY)
        return err;
    if (err && err->kind != RC_E_ARG && err->kind != RC_E_MISS) {
        rc_log(RC_LOG_ERR, err->cause, "key look-up: %s", rc_err_log_text(err, call->pool));
        call->fault = RC_FAULT_KEY;
        return rc_err(call->pool, RC_E_ARG, "Invalid API KEY");
    }
    if (!err)
        err = rc_call_recall(call);
    if (!err && !call->kept.data)
        err = rc_args_bind(call);
    call->checked = !err;
    return err;
}
