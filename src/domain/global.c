// SPDX-License-Identifier: Apache-2.0
/*
 * Sets global permissions: one of each kind.
 */
#include "domain/global.h"

#include <string.h>

#include "store/permission.h"

rc_err_t *rc_global_set(rc_db_t *db, rc_holder_t holder, apr_int64_t id, const char *name,
                        apr_pool_t *pool)
{
    apr_array_header_t *names;
    bool inherits;
    int i;

    if (!rc_permission_exists(name) || !strcmp(name, "hg.admin"))
        return rc_err(pool, RC_E_ARG, "permission `%s` does not exist", name);
    RC_TRY(rc_store_globals(&names, &inherits, db, holder, id, pool));
    for (i = 0; i < names->nelts; i++) {
        const char *old = APR_ARRAY_IDX(names, i, const char *);

        if (rc_permission_same_kind(name, old))
            RC_TRY(rc_store_global_delete(db, holder, id, old));
    }
    return rc_store_global_add(db, holder, id, name);
}
