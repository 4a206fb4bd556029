// SPDX-License-Identifier: Apache-2.0
/*
 * The calls of tasks (contract 13 §1): what the API's face adds to the tasks of the domain.
 */
#ifndef RC_FACES_TASK_H
#define RC_FACES_TASK_H

#include "domain/task.h"

/** Makes the call of a task, as its caller: a rc_task_call_t. */
rc_err_t *rc_task_make_call(const char **text, rc_task_run_t *run, apr_pool_t *pool);

#endif
