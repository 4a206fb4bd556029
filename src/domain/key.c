// SPDX-License-Identifier: Apache-2.0
/*
 * Finds the caller of a key, the anonymous caller, and the first super-admin; names of roles.
 */
#include "caller.h"

#include <string.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "store/user.h"

static const struct {
    const char *name;
    rc_role_t role;
} roles[] = {
    {"token_role_all", RC_ROLE_ALL},   {"token_role_http", RC_ROLE_HTTP},
    {"token_role_vcs", RC_ROLE_VCS},   {"token_role_api", RC_ROLE_API},
    {"token_role_feed", RC_ROLE_FEED},
};

#define ROLES (sizeof(roles) / sizeof(*roles))

rc_role_t rc_role_from_name(const char *name)
{
    apr_size_t i;

    for (i = 0; i < ROLES; i++)
        if (!strcmp(roles[i].name, name))
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

rc_err_t *rc_auth_by_key(rc_caller_t **caller, rc_db_t *db, const char *key, apr_pool_t *pool)
{
    unsigned char digest[RC_DIGEST_SIZE];
    rc_caller_row_t *row;

    *caller = NULL;
    rc_key_digest(digest, key);
    RC_TRY(rc_store_caller_by_digest(&row, db, digest, RC_DIGEST_SIZE, pool));
    if (!row || !strcmp(row->username, "default"))
        return NULL;
    if (row->expires != -1 && row->expires < apr_time_sec(apr_time_now()))
        return NULL;
    *caller = rc_auth_make_caller(row, rc_role_from_name(row->role), pool);
    (*caller)->expires = row->expires != -1;
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
