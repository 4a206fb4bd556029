// SPDX-License-Identifier: Apache-2.0
/*
 * Calls with background=true. Private to src/faces/api.
 */
#ifndef RC_FACES_API_LATER_H
#define RC_FACES_API_LATER_H

#include "domain/task.h"
#include "method.h"

/** Fills @a order with the same call in the foreground. Objects are named by their ids, which stay
 * when they are renamed. */
rc_err_t *rc_call_order(rc_task_order_t *order, rc_call_t *call);

#endif
