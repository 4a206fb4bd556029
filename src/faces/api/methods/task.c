// SPDX-License-Identifier: Apache-2.0
/*
 * The method get_task: tells how far a call with background=true is (contract 13 §1).
 */
#include "../later.h"

#include <string.h>

#include "base/time.h"

/* Writes a moment, or null. */
static void write_time(rc_json_t *out, rc_call_t *call, const char *key, apr_int64_t when)
{
    rc_json_member_string(out, key, when ? rc_time_local(when, call->pool) : NULL);
}

static void write_task(rc_json_t *out, rc_call_t *call, const rc_task_t *task)
{
    rc_json_object_begin(out);
    rc_json_member_string(out, "task", task->name);
    rc_json_member_string(out, "method", task->method);
    rc_json_member_string(out, "state", task->state);
    rc_json_key(out, "percent");
    if (task->percent < 0)
        rc_json_null(out);
    else
        rc_json_int(out, task->percent);
    rc_json_member_string(out, "line", task->line);
    rc_json_key(out, "result");
    if (task->result)
        rc_json_raw(out, task->result, strlen(task->result));
    else
        rc_json_null(out);
    rc_json_member_string(out, "error", task->error);
    write_time(out, call, "created_on", task->created_on);
    write_time(out, call, "started_on", task->started_on);
    write_time(out, call, "finished_on", task->finished_on);
    rc_json_object_end(out);
}

static rc_err_t *get_task(rc_call_t *call, rc_json_t *out)
{
    rc_task_t *task;

    RC_TRY(rc_task_find(&task, &call->actor, rc_arg_text(call, RC_P_TASK)));
    if (!task)
        return rc_err(call->pool, RC_E_ARG, "task `%s` does not exist",
                      rc_arg_sent(call, RC_P_TASK));
    write_task(out, call, task);
    return NULL;
}

/* clang-format off */
const rc_method_t rc_methods_task[] = {
    {"get_task", get_task, RC_ANYONE, 0,
     RC_PARAMS(RC_ARG(RC_P_TASK, RC_TEXT, RC_REQUIRED)),
     NULL, "Tell how far a call with background=true is, and its result."},
    {.name = NULL},
};
/* clang-format on */
