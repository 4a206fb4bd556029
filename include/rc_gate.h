// SPDX-License-Identifier: Apache-2.0
/*
 * How many may do something at once. Nobody waits: who finds no room is told to come again.
 */
#ifndef RC_GATE_H
#define RC_GATE_H

#include "rc_err.h"

typedef struct rc_gate_t rc_gate_t;

/** A gate with room for @a max. Lives in @a pool. */
rc_gate_t *rc_gate_create(int max, apr_pool_t *pool);

/** Takes a place until @a pool ends; RC_E_BUSY when there is none. Thread-safe. */
rc_err_t *rc_gate_enter(rc_gate_t *gate, apr_pool_t *pool);

#endif
