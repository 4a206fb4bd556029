// SPDX-License-Identifier: Apache-2.0
/*
 * Pool ownership of foreign objects: one record ties the typed destructor to APR's cleanup.
 */
#include "base/own.h"

typedef struct owned_t {
    void *obj;
    void (*drop)(void *obj);
} owned_t;

static apr_status_t drop_owned(void *data)
{
    owned_t *owned = data;

    owned->drop(owned->obj);
    return APR_SUCCESS;
}

void rc_own(apr_pool_t *pool, void *obj, void (*drop)(void *obj))
{
    owned_t *owned;

    if (!obj)
        return;
    owned = apr_palloc(pool, sizeof(*owned));
    owned->obj = obj;
    owned->drop = drop;
    apr_pool_cleanup_register(pool, owned, drop_owned, apr_pool_cleanup_null);
}
