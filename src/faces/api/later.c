// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps a call to be made in the background, and makes it (contract 13 §1).
 */
#include "faces/task.h"

#include <string.h>

#include "base/cleanup.h"
#include "base/json_read.h"
#include "dispatch.h"
#include "later.h"
#include "reason.h"

/* --- keeping --- */

static void drop_args(void *object)
{
    json_object_put(object);
}

/* Sets *@a out to what names the argument's object whatever its name is then: its id, if there is
 * one. */
static rc_err_t *order_value(json_object **out, rc_call_t *call, const rc_param_t *param)
{
    const rc_arg_t *arg = &call->args[param->id];
    rc_user_t *user = NULL;

    if (param->id == RC_P_OWNER)
        RC_TRY(rc_find_user(&user, call, arg->value));
    *out = user                                 ? json_object_new_int64(user->id)
           : param->type == RC_REPO && arg->row ? json_object_new_int64(arg->id)
                                                : json_object_get(arg->value);
    return NULL;
}

rc_err_t *rc_call_order(rc_task_order_t *order, rc_call_t *call)
{
    json_object *args = json_object_new_object(), *value;
    const rc_param_t *param;

    rc_cleanup(call->pool, args, drop_args);
    for (param = call->method->params; param->id; param++) {
        if (param->id == RC_P_BACKGROUND || !rc_arg_present(call, param->id))
            continue;
        RC_TRY(order_value(&value, call, param));
        json_object_object_add(args, rc_param_name(param->id), value);
    }
    order->method = call->method->name;
    return rc_value_json(&order->args, args, call->pool);
}

/* --- making --- */

/* The result is stored in the transaction of the change. */
static rc_err_t *record_result(rc_call_t *call, void *baton)
{
    const char *result;

    RC_TRY(rc_spool_string(&result, call->out->spool, call->pool));
    return rc_task_record(baton, call->actor.db, result);
}

static rc_err_t *make_call(const char **text, rc_call_t *call, rc_task_run_t *run)
{
    rc_spool_t *spool = rc_spool_create(run->env->config->temp_dir, call->pool);
    rc_json_t out;
    rc_err_t *err;

    call->answered = record_result;
    call->baton = run;
    rc_call_begin(call);
    call->actor.has_place = true; /* the number of tasks is limited instead */
    call->actor.work.progress = rc_task_tell;
    rc_json_init(&out, spool);
    if (!(err = rc_dispatch(call, &out)))
        return rc_spool_string(text, spool, call->pool);
    *text = rc_call_error_text(call, err);
    return err;
}

rc_err_t *rc_task_make_call(const char **text, rc_task_run_t *run, apr_pool_t *pool)
{
    const rc_task_t *task = run->task;
    const rc_api_request_t request = {.client_ip = task->ip,
                                      .base_url = "",
                                      .level = RC_API_LEVEL,
                                      .actor = task->key_id ? NULL : RC_LOCAL_ACTOR,
                                      .gone = rc_task_is_gone,
                                      .gone_baton = run};
    rc_call_t *call = apr_pcalloc(pool, sizeof(*call));

    *text = NULL;
    if (!(call->method = rc_method_find(task->method, false)))
        return rc_err_internal(pool, APR_SUCCESS, "no method %s", task->method);
    RC_TRY(rc_json_read(&call->args_sent, run->args, strlen(run->args), RC_JSON_PLAIN, pool));
    call->env = run->env;
    call->request = &request;
    call->pool = pool;
    call->key_id = task->key_id;
    return make_call(text, call, run);
}
