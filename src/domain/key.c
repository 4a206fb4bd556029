// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the caller of a key, the anonymous caller, and the first super-admin; names of roles.
 */
#include "caller.h"

#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "store/user.h"

#define PREFIX "token_role_"

static const struct {
    const char *name;
    rc_role_t role;
} roles[] = {
    {PREFIX "all", RC_ROLE_ALL}, {PREFIX "http", RC_ROLE_HTTP}, {PREFIX "vcs", RC_ROLE_VCS},
    {PREFIX "api", RC_ROLE_API}, {PREFIX "feed", RC_ROLE_FEED},
};

#define ROLES (sizeof(roles) / sizeof(*roles))

rc_role_t rc_role_from_name(const char *name)
{
    apr_size_t i;

    for (i = 0; i < ROLES; i++)
        if (!strcmp(roles[i].name, name) || !strcmp(roles[i].name + strlen(PREFIX), name))
            return roles[i].role;
    return 0;
}

const char *rc_role_name(rc_role_t role)
{
    apr_size_t i;

    for (i = 0; i < ROLES; i++)
        if (roles[i].role == role)
            return roles[i].name;
    return NULL;
}

rc_caller_t *rc_auth_make_caller(const rc_caller_row_t *row, rc_role_t role, apr_pool_t *pool)
{
    rc_caller_t *caller = apr_pcalloc(pool, sizeof(*caller));

    caller->user_id = row->user_id;
    caller->username = row->username;
    caller->active = row->active;
    caller->admin = row->admin;
    caller->role = role;
    caller->restricted = row->restricted;
    caller->inherits = row->inherits;
    return caller;
}

rc_viewer_t rc_caller_viewer(const rc_caller_t *caller)
{
    return rc_caller_is_scoped(caller) ? rc_viewer_token(caller->key_id)
                                       : rc_viewer_user(caller->user_id);
}

bool rc_caller_is_scoped(const rc_caller_t *caller)
{
    return caller->scope.repo_id || caller->scope.group_id;
}

/* Takes over what the key limits. */
static void limit_caller(rc_caller_t *caller, const rc_caller_row_t *row, apr_time_t taken)
{
    caller->key_id = row->key_id;
    caller->expires = row->expires == -1 ? 0 : row->expires;
    caller->scope = (rc_key_scope_t){row->repo_id, row->group_id};
    caller->unrecorded = row->last_used <= taken - RC_KEY_USE_KEPT;
    if (rc_caller_is_scoped(caller))
        caller->admin = false;
}

/* Returns the owner of a key; NULL when it is unknown, has expired or is the default user's. */
static rc_caller_t *owner_of(const rc_caller_row_t *row, apr_pool_t *pool)
{
    apr_time_t taken = apr_time_now();
    rc_caller_t *caller;

    if (!row || !strcmp(row->username, "default"))
        return NULL;
    if (row->expires != -1 && row->expires < apr_time_sec(taken))
        return NULL;
    caller = rc_auth_make_caller(row, rc_role_from_name(row->role), pool);
    limit_caller(caller, row, taken);
    return caller;
}

rc_err_t *rc_auth_by_key(rc_caller_t **caller, rc_db_t *db, const char *key, apr_pool_t *pool)
{
    unsigned char digest[RC_DIGEST_SIZE];
    rc_caller_row_t *row;

    rc_key_digest(digest, key);
    RC_TRY(rc_store_caller_by_digest(&row, db, digest, RC_DIGEST_SIZE, pool));
    *caller = owner_of(row, pool);
    return NULL;
}

rc_err_t *rc_auth_by_key_id(rc_caller_t **caller, rc_db_t *db, apr_int64_t key_id, apr_pool_t *pool)
{
    rc_caller_row_t *row;

    RC_TRY(rc_store_caller_by_key_id(&row, db, key_id, pool));
    *caller = owner_of(row, pool);
    return NULL;
}

rc_err_t *rc_auth_anonymous(rc_caller_t **caller, rc_db_t *db, apr_pool_t *pool)
{
    rc_caller_row_t *row;

    *caller = NULL;
    RC_TRY(rc_store_caller_by_name(&row, db, "default", pool));
    if (!row || !row->active)
        return NULL;
    *caller = rc_auth_make_caller(row, 0, pool);
    (*caller)->anonymous = true;
    return NULL;
}

rc_err_t *rc_auth_first_admin(rc_caller_t **caller, rc_db_t *db, apr_pool_t *pool)
{
    rc_caller_row_t *row;
    rc_user_t *user;

    *caller = NULL;
    RC_TRY(rc_store_first_admin(&user, db, pool));
    if (!user)
        return NULL;
    RC_TRY(rc_store_caller_by_name(&row, db, user->username, pool));
    *caller = rc_auth_make_caller(row, RC_ROLE_ALL, pool);
    return NULL;
}
