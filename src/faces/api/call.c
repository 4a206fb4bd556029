// SPDX-License-Identifier: Apache-2.0
/*
 * Connects a call with its use case in src/domain. When the transaction of the use case begins, the
 * arguments are checked and the request is filled again; the result can be written before it ends.
 */
#include "method.h"

static rc_err_t *renew(void *baton)
{
    rc_call_t *call = baton;

    call->known = NULL; /* in its transaction a change identifies its caller itself */
    RC_TRY(rc_call_check(call));
    return call->plan ? call->plan(call, call->planned) : NULL;
}

static rc_err_t *answer(void *baton)
{
    rc_call_t *call = baton;

    if (!call->answer)
        return NULL;
    RC_TRY(call->answer(call, call->planned));
    RC_TRY(rc_json_finish(call->out));
    return call->answered ? call->answered(call, call->baton) : NULL;
}

void rc_call_begin(rc_call_t *call)
{
    rc_actor_t *actor = &call->actor;

    actor->env = call->env;
    actor->pool = call->pool;
    actor->ip = call->request->client_ip;
    actor->name = call->request->actor;
    actor->lists = (call->method->flags & RC_LISTS) != 0;
    actor->renew = renew;
    actor->answer = answer;
    actor->baton = call;
    rc_env_work_begin(&actor->work, call->env, call->request->gone, call->request->gone_baton,
                      call->pool);
}

rc_err_t *rc_call_plan(rc_call_t *call, rc_call_fn_t *plan, void *request)
{
    call->plan = plan;
    call->planned = request;
    return plan(call, request);
}

typedef struct part_t {
    rc_call_t *call;
    rc_call_fn_t *fn;
    void *baton;
} part_t;

static rc_err_t *run_part(rc_actor_t *actor, void *baton)
{
    const part_t *part = baton;

    (void)actor;
    return part->fn(part->call, part->baton);
}

rc_err_t *rc_call_away(rc_call_t *call, rc_call_fn_t *fn, void *baton)
{
    part_t part = {call, fn, baton};

    return rc_actor_away(&call->actor, run_part, &part);
}

rc_err_t *rc_arg_owner(rc_owner_t *owner, rc_call_t *call)
{
    rc_user_t *user;

    *owner = (rc_owner_t){NULL, NULL};
    if (!rc_arg_given(call, RC_P_OWNER))
        return NULL;
    RC_TRY(rc_find_user(&user, call, rc_arg_json(call, RC_P_OWNER)));
    *owner = (rc_owner_t){rc_arg_sent(call, RC_P_OWNER), user};
    if (!owner->sent) /* "" marks it as sent; no message shows it */
        owner->sent = "";
    return NULL;
}

const bool *rc_arg_flag(const rc_call_t *call, rc_param_id_t id)
{
    static const bool yes = true, no = false;

    if (!rc_arg_given(call, id))
        return NULL;
    return rc_arg_bool(call, id) ? &yes : &no;
}

const char *rc_arg_given_text(const rc_call_t *call, rc_param_id_t id)
{
    return rc_arg_given(call, id) ? rc_arg_text(call, id) : NULL;
}

rc_err_t *rc_call_answer_success(rc_json_t *out, rc_call_t *call, const char *msg)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, msg));
    rc_json_member_bool(out, "success", true);
    rc_json_object_end(out);
    return NULL;
}

rc_err_t *rc_call_answer_task(rc_json_t *out, rc_call_t *call, const char *msg, const char *task)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "msg", rc_call_text(call, msg));
    rc_json_member_bool(out, "success", true);
    rc_json_member_string(out, "task", task);
    rc_json_object_end(out);
    return NULL;
}
