// SPDX-License-Identifier: Apache-2.0
/*
 * Runs one call, from the check of its key to its result (contract 00 §3, steps 10 to 15).
 */
#include "dispatch.h"

#include "base/metrics.h"

static rc_err_t *run_method(rc_call_t *call, void *baton)
{
    rc_json_t *out = baton;

    RC_TRY(call->method->run(call, out));
    return rc_json_finish(out);
}

/* Calls that write are checked here too, so that a refused caller never takes the write lock. */
static rc_err_t *check_and_read(rc_actor_t *actor, void *baton)
{
    rc_call_t *call = baton;

    (void)actor;
    RC_TRY(rc_call_check(call));
    if (call->kept.data) {
        rc_json_raw(call->out, call->kept.data, call->kept.len);
        return rc_json_finish(call->out);
    }
    return call->method->flags & (RC_ALONE | RC_AWAY) ? NULL : run_method(call, call->out);
}

/* Most methods need the database; some do not when the process remembers enough. */
static rc_err_t *check_or_read(rc_call_t *call)
{
    rc_actor_t *actor = &call->actor;
    rc_err_t *err;

    if (call->method->flags & (RC_KEPT | RC_AWAY)) {
        err = rc_actor_recall(actor, check_and_read, call);
        if (!err || err->kind != RC_E_MISS)
            return err;
    }
    call->fault = RC_FAULT_DATABASE;
    call->checked = false; /* again, in the snapshot */
    RC_TRY(rc_actor_open(actor));
    return rc_actor_read(actor, check_and_read, call);
}

static rc_err_t *run_call(rc_call_t *call, rc_json_t *out)
{
    unsigned flags = call->method->flags;
    rc_err_t *err;

    call->out = out;
    err = check_or_read(call);
    if (call->checked)
        rc_args_log_unknown(call);
    if (err)
        return err;
    if (flags & RC_AWAY)
        return rc_call_away(call, run_method, out);
    if (!(flags & RC_ALONE))
        return NULL;
    call->checked = false; /* again, in the transaction */
    return run_method(call, out);
}

static const char *outcome(const rc_err_t *err)
{
    switch (err ? err->kind : RC_E_ARG) {
    case RC_E_INTERNAL:
        return "error";
    case RC_E_BUSY:
    case RC_E_LIMIT:
        return "limited";
    case RC_E_FAILED:
        return "failed";
    default:
        return err ? "refused" : "ok";
    }
}

rc_err_t *rc_dispatch(rc_call_t *call, rc_json_t *out)
{
    rc_err_t *err = run_call(call, out);

    rc_metric_add(RC_METRIC_CALLS, call->method->name, outcome(err), 1);
    return err;
}
