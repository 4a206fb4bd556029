// SPDX-License-Identifier: Apache-2.0
/*
 * Creates the default user, who carries the permissions of everyone (contract 01 §2).
 */
#include "domain/user.h"

#include <string.h>

#include "store/global.h"
#include "store/permission.h"

static const char *const default_globals[] = {
    "repository.read",
    "group.read",
    "usergroup.read",
    "hg.create.repository",
    "hg.repogroup.create.false",
    "hg.usergroup.create.false",
    "hg.create.write_on_repogroup.true",
    "hg.fork.repository",
    "hg.register.manual_activate",
    "hg.extern_activate.auto",
    "hg.inherit_default_perms.true",
};

#define GLOBALS (sizeof(default_globals) / sizeof(*default_globals))

bool rc_default_user_has_preset(const char *name)
{
    size_t i;

    for (i = 0; i < GLOBALS; i++)
        if (!strcmp(default_globals[i], name))
            return true;
    return false;
}

static bool has_kind(const apr_array_header_t *names, const char *name)
{
    int i;

    for (i = 0; i < names->nelts; i++)
        if (rc_permission_same_kind(name, APR_ARRAY_IDX(names, i, const char *)))
            return true;
    return false;
}

static rc_err_t *create_default_user(rc_user_t **out, rc_db_t *db, const rc_secret_t *secret,
                                     bool anonymous, apr_pool_t *pool)
{
    rc_new_user_t user = {.username = RC_DEFAULT_USER,
                          .email = "anonymous@rhodecode.org",
                          .firstname = "Anonymous",
                          .lastname = "User",
                          .active = anonymous};
    const char *password;

    RC_TRY(rc_key_generate(&password, pool));
    RC_TRY(rc_password_hash(&user.password_hash, NULL, password, pool));
    return rc_user_insert(out, db, secret, &user, pool);
}

rc_err_t *rc_default_user_lacks(apr_array_header_t **names, rc_db_t *db,
                                const rc_user_t *default_user, apr_pool_t *pool)
{
    apr_array_header_t *has;
    bool inherits;
    size_t i;

    *names = apr_array_make(pool, GLOBALS, sizeof(const char *));
    RC_TRY(rc_store_globals(&has, &inherits, db, RC_OF_USER, default_user->id, pool));
    for (i = 0; i < GLOBALS; i++)
        if (!has_kind(has, default_globals[i]))
            APR_ARRAY_PUSH(*names, const char *) = default_globals[i];
    return NULL;
}

rc_err_t *rc_default_user_setup(rc_db_t *db, const rc_secret_t *secret, bool anonymous,
                                apr_pool_t *pool)
{
    apr_array_header_t *names;
    rc_user_t *user;
    int i;

    RC_TRY(rc_store_user_by_name(&user, db, RC_DEFAULT_USER, pool));
    if (!user)
        RC_TRY(create_default_user(&user, db, secret, anonymous, pool));
    RC_TRY(rc_default_user_lacks(&names, db, user, pool));
    for (i = 0; i < names->nelts; i++)
        RC_TRY(
            rc_store_global_add(db, RC_OF_USER, user->id, APR_ARRAY_IDX(names, i, const char *)));
    return NULL;
}
