// SPDX-License-Identifier: Apache-2.0
/*
 * Registers destructors of foreign libraries, which return nothing, as cleanups of a pool.
 */
#include "base/cleanup.h"

typedef struct cleanup_t {
    void *obj;
    void (*run)(void *obj);
} cleanup_t;

static apr_status_t run_cleanup(void *data)
{
    cleanup_t *cleanup = data;

    cleanup->run(cleanup->obj);
    return APR_SUCCESS;
}

void rc_cleanup(apr_pool_t *pool, void *obj, void (*cleanup)(void *obj))
{
    cleanup_t *record;

    if (!obj)
        return;
    record = apr_palloc(pool, sizeof(*record));
    record->obj = obj;
    record->run = cleanup;
    apr_pool_cleanup_register(pool, record, run_cleanup, apr_pool_cleanup_null);
}
