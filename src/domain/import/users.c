// SPDX-License-Identifier: Apache-2.0
/*
 * Imports users, with their passwords, and the default user, whom both sides have.
 */
#include "import.h"

#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "domain/user.h"

/* Columns of FROM_USERS. */
enum {
    USER_ID,
    USERNAME,
    PASSWORD,
    ACTIVE,
    IS_ADMIN,
    FIRSTNAME,
    LASTNAME,
    EMAIL,
    LAST_LOGIN,
    EXTERN_TYPE,
    EXTERN_NAME,
    API_KEY,
    INHERITS,
    CREATED_ON
};

#define NAME_BYTES 255

/* A user of the source, in the pool of their row. */
typedef struct incomer_t {
    const char *name, *type, *extern_name, *hash;
    rc_arrival_t *item;
} incomer_t;

/* RhodeCode 1.x has no type of authentication, only the name in a directory of LDAP. */
static void read_incomer(incomer_t *user, rc_importing_t *the, rc_rows_t *rows)
{
    apr_pool_t *pool = rows->scratch;
    const char *type = rc_import_short(rows, EXTERN_TYPE, NAME_BYTES, pool);

    user->name = rc_import_text(rows, USERNAME, pool);
    user->extern_name = rc_import_short(rows, EXTERN_NAME, NAME_BYTES, pool);
    if (!rc_foreign_has(the->source, FROM_USERS, EXTERN_TYPE) && *user->extern_name)
        type = "ldap";
    user->type = !*type || !strcmp(type, "internal") ? "rhodecode" : type;
    if (!strcmp(user->type, "rhodecode") || !*user->extern_name)
        user->extern_name = user->type;
    user->hash = rc_import_text(rows, PASSWORD, pool);
}

/* --- before the transaction --- */

static rc_err_t *prepare_password(rc_importing_t *the, const incomer_t *user, apr_pool_t *scratch)
{
    rc_store_found_t found;
    const char *hash;

    if (!user->name || !user->hash || strcmp(user->type, "rhodecode"))
        return NULL;
    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_USER, scratch, user->name));
    if (found.id)
        return NULL;
    RC_TRY(rc_password_take(&hash, user->hash, scratch));
    apr_hash_set(the->hashes, apr_pstrdup(the->pool, user->hash), APR_HASH_KEY_STRING,
                 apr_pstrdup(the->pool, hash ? hash : ""));
    return NULL;
}

rc_err_t *rc_import_prepare_passwords(rc_importing_t *the)
{
    incomer_t user;
    rc_rows_t rows;

    the->hashes = apr_hash_make(the->pool);
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_USERS, the->pool));
    while (rc_rows_next(&rows)) {
        read_incomer(&user, the, &rows);
        rows.err = prepare_password(the, &user, rows.scratch);
    }
    return rc_rows_end(&rows);
}

/* --- inside of it --- */

/* The default user exists here. Anonymous access stays as it is: a server that has just been filled
 * must not show it to everybody. */
static rc_err_t *meet_default_user(rc_importing_t *the, incomer_t *user, rc_rows_t *rows)
{
    rc_store_found_t found;

    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_USER, the->pool, RC_DEFAULT_USER));
    if (!found.id)
        return rc_err(the->pool, RC_E_ARG, "there is no default user; check --repair creates it");
    user->item->id = found.id;
    user->item->name = found.name;
    the->anyone = user->item;
    if (rc_import_bool(rows, ACTIVE, false))
        rc_import_note(the, OF_USERS, user->name,
                       "anonymous access is on there; here `anonymous on` enables it");
    return NULL;
}

/* Returns the hash to be stored, NULL for no password. */
static const char *stored_hash(rc_importing_t *the, const incomer_t *user)
{
    const char *hash;

    if (strcmp(user->type, "rhodecode")) {
        rc_import_note(the, OF_USERS, user->name, "has no password here: %s has it", user->type);
        return NULL;
    }
    if (!user->hash || !*user->hash)
        return NULL;
    hash = apr_hash_get(the->hashes, user->hash, APR_HASH_KEY_STRING);
    if (hash && *hash)
        return hash;
    rc_import_note(the, OF_USERS, user->name, "has no password here: its hash has an unknown form");
    return NULL;
}

static rc_err_t *insert_incomer(rc_importing_t *the, rc_import_ids_t *ids, incomer_t *user,
                                rc_rows_t *rows)
{
    apr_pool_t *pool = rows->scratch;
    rc_arrival_t *item = user->item;
    bool changed;

    item->id = rc_import_ids_choose(ids, item->source);
    item->name = apr_pstrdup(the->pool, user->name);
    item->fresh = true;
    if (!item->active)
        rc_import_note(the, OF_USERS, user->name, "is not active, there and here");
    RC_TRY(rc_store_import(
        &changed, the->db, RC_STORE_USER, item->id, item->name,
        rc_import_short(rows, FIRSTNAME, NAME_BYTES, pool),
        rc_import_short(rows, LASTNAME, NAME_BYTES, pool), stored_hash(the, user),
        (int)item->active, (int)item->admin, (int)item->inherits, user->type, user->extern_name,
        rc_import_time(rows, LAST_LOGIN, 0), rc_import_time(rows, CREATED_ON, the->created_on)));
    rc_import_count(the, OF_USERS, true);
    return NULL;
}

static rc_err_t *import_user(rc_importing_t *the, rc_import_ids_t *ids, incomer_t *user,
                             rc_rows_t *rows)
{
    apr_pool_t *pool = rows->scratch;
    rc_store_found_t found;
    rc_err_t *err;

    RC_TRY(rc_store_import_find(&found, the->db, RC_FIND_USER, the->pool, user->name));
    if (found.id && strcmp(found.name, user->name)) {
        rc_import_left(the, OF_USERS, user->name, "differs from `%s` only in case", found.name);
        return NULL;
    }
    if (!found.id && (err = rc_username_check(user->name, pool))) {
        rc_import_left(the, OF_USERS, user->name, "%s", rc_err_log_text(err, pool));
        return NULL;
    }
    user->item = rc_import_add(the, the->users, rows, USER_ID);
    user->item->groups = apr_array_make(the->pool, 2, sizeof(rc_arrival_t *));
    user->item->active = rc_import_bool(rows, ACTIVE, true);
    user->item->admin = rc_import_bool(rows, IS_ADMIN, false);
    user->item->inherits = rc_import_bool(rows, INHERITS, true);
    if (!strcmp(user->name, RC_DEFAULT_USER))
        return meet_default_user(the, user, rows);
    if (!found.id)
        return insert_incomer(the, ids, user, rows);
    user->item->id = found.id;
    user->item->name = found.name;
    rc_import_count(the, OF_USERS, false);
    return NULL;
}

static rc_err_t *find_owner(rc_importing_t *the)
{
    rc_user_t *owner;

    RC_TRY(rc_store_first_admin(&owner, the->db, the->pool));
    if (!owner)
        return rc_err(the->pool, RC_E_ARG, "there is no active super-admin, there or here");
    the->owner_id = owner->id;
    the->owner = owner->username;
    return the->anyone ? NULL : rc_err(the->pool, RC_E_ARG, "the source has no default user");
}

rc_err_t *rc_import_users(rc_importing_t *the)
{
    rc_import_ids_t ids;
    incomer_t user;
    rc_rows_t rows;

    RC_TRY(rc_import_ids_begin(&ids, the, "users", FROM_USERS));
    RC_TRY(rc_foreign_rows(&rows, the->source, FROM_USERS, the->pool));
    while (rc_rows_next(&rows)) {
        read_incomer(&user, the, &rows);
        if (user.name)
            rows.err = import_user(the, &ids, &user, &rows);
        else
            rc_import_left(the, OF_USERS, "", "has no name");
    }
    RC_TRY(rc_rows_end(&rows));
    RC_TRY(rc_import_ids_end(&ids, the));
    return find_owner(the);
}
