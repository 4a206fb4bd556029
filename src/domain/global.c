// SPDX-License-Identifier: Apache-2.0
/*
 * Sets global permissions, one of each kind, and the inherit flag.
 */
#include "domain/global.h"

#include <string.h>

#include <apr_strings.h>

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

static rc_err_t *set_word(rc_actor_t *actor, const rc_globals_change_t *request, const char *word)
{
    bool inherits = !strcmp(word, "inherit=on");

    if (inherits || !strcmp(word, "inherit=off"))
        return rc_store_set_inherits(actor->db, request->holder, request->id, inherits);
    return rc_global_set(actor->db, request->holder, request->id, word, actor->pool);
}

static rc_err_t *change_globals(rc_actor_t *actor, void *baton)
{
    const rc_globals_change_t *request = *(const rc_globals_change_t **)baton;
    const char *words = apr_array_pstrcat(actor->pool, request->words, ' ');
    int i;

    RC_TRY(rc_actor_require_admin(actor));
    for (i = 0; i < request->words->nelts; i++)
        RC_TRY(set_word(actor, request, APR_ARRAY_IDX(request->words, i, const char *)));
    return rc_actor_journal(actor, NULL, "admin_set_permissions",
                            apr_pstrcat(actor->pool, request->name, ":", words, NULL));
}

rc_err_t *rc_globals_change(rc_actor_t *actor, const rc_globals_change_t *request)
{
    return rc_actor_txn(actor, change_globals, &request);
}
