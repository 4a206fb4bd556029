// SPDX-License-Identifier: Apache-2.0
/*
 * One call, from key to result (contract 00 §3, steps 9 to 15).
 */
#include "dispatch.h"

#include <string.h>

#include <apr_strings.h>

#include "base/log.h"
#include "domain/disk_transaction.h"
#include "domain/identify.h"
#include "store/rule.h"

rc_err_t *rc_call_has_global(bool *has, rc_call_t *call, const char *permission)
{
    return rc_rule_has_global(has, call->db, call->caller->user_id, call->caller->admin,
                              permission);
}

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

    RC_TRY(rc_identify(&who, call->db, &credentials, call->pool));
    call->caller = who.caller;
    return refuse(call, who.refusal);
}

/* A failure of the look-up also reads as a wrong key. */
static rc_err_t *check(rc_call_t *call)
{
    rc_err_t *err = identify(call);

    if (err && err->kind != RC_E_ARG) {
        rc_log(RC_LOG_ERR, err->cause, "key look-up: %s", rc_err_log_text(err, call->pool));
        return rc_err(call->pool, RC_E_ARG, "Invalid API KEY");
    }
    return err ? err : rc_args_bind(call);
}

typedef struct alone_t {
    rc_call_t *call;
    rc_err_t *(*fn)(rc_call_t *call, void *baton);
    void *baton;
} alone_t;

static rc_err_t *run_alone(void *baton, rc_db_t *db)
{
    alone_t *alone = baton;

    bool busy;

    RC_TRY(rc_disk_txn_settle(&busy, alone->call->env, db, alone->call->pool));
    RC_TRY(check(alone->call));
    return alone->fn(alone->call, alone->baton);
}

rc_err_t *rc_call_txn(rc_call_t *call, rc_err_t *(*fn)(rc_call_t *call, void *baton), void *baton)
{
    alone_t alone = {call, fn, baton};

    return rc_db_txn(call->db, run_alone, &alone);
}

rc_err_t *rc_call_away(rc_call_t *call, rc_err_t *(*fn)(rc_call_t *call, void *baton), void *baton)
{
    rc_err_t *err, *back;

    rc_db_release(call->db);
    call->db = NULL;
    err = fn(call, baton);
    back = rc_db_acquire(&call->db, call->env->db_pool, call->pool);
    return err ? err : back;
}

static rc_err_t *run_method(rc_call_t *call, void *baton)
{
    rc_json_t *out = baton;

    RC_TRY(call->method->run(call, out));
    return rc_json_finish(out);
}

rc_err_t *rc_dispatch(rc_call_t *call, rc_json_t *out)
{
    unsigned flags = call->method->flags;
    rc_err_t *err;

    RC_TRY(rc_db_begin_read(call->db));
    /* A writer is checked here first, so that a refused caller never takes the write lock. */
    err = check(call);
    if (!err)
        rc_args_log_unknown(call);
    if (!err && !(flags & (RC_WRITES | RC_ALONE | RC_AWAY)))
        err = run_method(call, out);
    if (err) {
        if (call->db) /* it may be lost: rc_call_away */
            rc_db_rollback(call->db);
        return err;
    }
    RC_TRY(rc_db_commit(call->db));
    if (flags & RC_WRITES)
        return rc_call_txn(call, run_method, out);
    if (flags & RC_AWAY)
        return rc_call_away(call, run_method, out);
    return flags & RC_ALONE ? run_method(call, out) : NULL;
}
