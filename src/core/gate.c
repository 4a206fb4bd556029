// SPDX-License-Identifier: Apache-2.0
/*
 * A counter of free places, shared by the threads of a process.
 */
#include "rc_gate.h"

struct rc_gate_t {
    int free;
};

rc_gate_t *rc_gate_create(int max, apr_pool_t *pool)
{
    rc_gate_t *gate = apr_palloc(pool, sizeof(*gate));

    gate->free = max;
    return gate;
}

static apr_status_t leave(void *data)
{
    __atomic_add_fetch(&((rc_gate_t *)data)->free, 1, __ATOMIC_RELAXED);
    return APR_SUCCESS;
}

rc_err_t *rc_gate_enter(rc_gate_t *gate, apr_pool_t *pool)
{
    if (__atomic_sub_fetch(&gate->free, 1, __ATOMIC_RELAXED) < 0) {
        leave(gate);
        return rc_err(pool, RC_E_BUSY, "Too much is being made at once; try again in a moment");
    }
    apr_pool_cleanup_register(pool, gate, leave, apr_pool_cleanup_null);
    return NULL;
}
