// SPDX-License-Identifier: Apache-2.0
/*
 * Inserts, changes and deletes users. The unique constraints of the database detect duplicate
 * names, so that two concurrent requests never both get the same one.
 */
#include "user_keys.h"

#include <string.h>
#include <strings.h>

#include <apr_strings.h>

#include "store/journal.h"
#include "store/session.h"
#include "base/text.h"

#define MAX_LENGTH 255 /* characters of names and addresses */
#define PLAIN_AUTH "rhodecode"
#define FEED_TOKEN "Generated feed token"

static rc_err_t *check_text(const char *what, const char *text, apr_pool_t *pool)
{
    if (rc_text_characters(text) > MAX_LENGTH)
        return rc_err_failed(pool, "%s is over %d characters", what, MAX_LENGTH);
    if (rc_text_has_control(text))
        return rc_err_failed(pool, "%s holds a control character", what);
    return NULL;
}

rc_err_t *rc_username_check(const char *name, apr_pool_t *pool)
{
    apr_int64_t id;

    if (!*name)
        return rc_err_failed(pool, "the username is empty");
    if (rc_text_digits(name) || (*name == '_' && rc_text_digits(name + 1)) ||
        rc_text_int(&id, name))
        return rc_err_failed(pool, "the username reads as an id");
    if (!strcasecmp(name, RC_LOCAL_ACTOR))
        return rc_err_failed(pool, "the username is that of a program in the journal");
    return check_text("the username", name, pool);
}

static rc_err_t *check_others(const rc_user_t *user, apr_pool_t *pool)
{
    RC_TRY(check_text("the first name", user->firstname, pool));
    RC_TRY(check_text("the last name", user->lastname, pool));
    RC_TRY(check_text("extern_type", user->extern_type, pool));
    return check_text("extern_name", user->extern_name, pool);
}

/* Sets the texts of a conflict in @a table: msg, for the client, names the duplicate @a value;
 * detail, for the log, does not. */
static rc_err_t *explain_conflict(rc_err_t *err, const char *table, const char *what,
                                  const char *value, apr_pool_t *pool)
{
    if (err && err->kind == RC_E_CONFLICT && err->constraint &&
        !strncmp(err->constraint, table, strlen(table))) {
        err->msg = apr_psprintf(pool, "%s `%s` already exist", what, value);
        err->detail = apr_psprintf(pool, "this %s already exists", what);
    }
    return err;
}

static rc_err_t *set_email(rc_db_t *db, apr_int64_t user_id, const char *email, apr_pool_t *pool)
{
    if (!*email)
        return rc_store_email_set_main(db, user_id, NULL);
    if (!rc_text_is_email(email))
        return rc_err_failed(pool, "`%s` is no e-mail address", email);
    return explain_conflict(rc_store_email_set_main(db, user_id, rc_text_lower(email, pool)),
                            "user_email", "email", email, pool);
}

static const char *or_plain(const char *text)
{
    return text && *text ? text : PLAIN_AUTH;
}

rc_err_t *rc_user_insert(rc_user_t **out, rc_db_t *db, const rc_secret_t *secret,
                         const rc_new_user_t *new_user, apr_pool_t *pool)
{
    rc_user_t user = {.username = new_user->username,
                      .firstname = new_user->firstname ? new_user->firstname : "",
                      .lastname = new_user->lastname ? new_user->lastname : "",
                      .active = new_user->active,
                      .admin = new_user->admin,
                      .extern_type = or_plain(new_user->extern_type),
                      .extern_name = or_plain(new_user->extern_name)};
    rc_new_token_t feed = {0, RC_ROLE_FEED, RC_NEVER, FEED_TOKEN};
    const char *token;

    RC_TRY(rc_username_check(user.username, pool));
    RC_TRY(explain_conflict(
        rc_store_user_insert(&user, db, new_user->password_hash, new_user->force_password_change),
        "users", "user", user.username, pool));
    RC_TRY(set_email(db, user.id, new_user->email ? new_user->email : "", pool));
    RC_TRY(check_others(&user, pool));
    RC_TRY(rc_main_key_create(new_user->key, db, secret, user.id, pool));
    feed.user_id = user.id;
    RC_TRY(rc_token_create(&token, db, secret, &feed, pool));
    return rc_store_user_by_id(out, db, user.id, pool);
}

/* Checks that at least one active super-admin remains. */
static rc_err_t *check_last_admin(rc_db_t *db, const rc_user_t *user, bool stays, apr_pool_t *pool)
{
    bool other;

    if (stays || !user->admin || !user->active)
        return NULL;
    RC_TRY(rc_store_other_admin(&other, db, user->id));
    return other ? NULL : rc_err_failed(pool, "the last active super-admin");
}

static rc_user_t changed(const rc_user_t *user, const rc_user_change_t *change)
{
    rc_user_t to = *user;

    if (change->username)
        to.username = change->username;
    if (change->firstname)
        to.firstname = change->firstname;
    if (change->lastname)
        to.lastname = change->lastname;
    if (change->extern_type)
        to.extern_type = or_plain(change->extern_type);
    if (change->extern_name)
        to.extern_name = or_plain(change->extern_name);
    if (change->active)
        to.active = *change->active;
    if (change->admin)
        to.admin = *change->admin;
    return to;
}

rc_err_t *rc_user_not_default(const rc_user_t *user, apr_pool_t *pool)
{
    return strcmp(user->username, RC_DEFAULT_USER)
               ? NULL
               : rc_err(pool, RC_E_ARG, "editing default user is forbidden");
}

rc_err_t *rc_user_change(rc_user_t **out, rc_db_t *db, const rc_user_t *user,
                         const rc_user_change_t *change, apr_pool_t *pool)
{
    rc_user_t to = changed(user, change);
    const char *hash = change->password_hash;

    if (!strcmp(user->username, RC_DEFAULT_USER))
        return rc_err_failed(pool, "the default user");
    if (strcmp(to.username, user->username))
        RC_TRY(rc_username_check(to.username, pool));
    RC_TRY(check_others(&to, pool));
    RC_TRY(check_last_admin(db, user, to.admin && to.active, pool));
    RC_TRY(explain_conflict(rc_store_user_update(db, &to), "users", "user", to.username, pool));
    if (change->email)
        RC_TRY(set_email(db, user->id, change->email, pool));
    if (hash)
        RC_TRY(rc_store_user_set_password(db, user->id, *hash ? hash : NULL));
    if (hash || !to.active)
        RC_TRY(rc_store_sessions_delete(db, user->id));
    return rc_store_user_by_id(out, db, user->id, pool);
}

rc_err_t *rc_user_remove(rc_db_t *db, const rc_user_t *user, apr_pool_t *pool)
{
    rc_err_t *err;

    if (!strcmp(user->username, RC_DEFAULT_USER))
        return rc_err_failed(pool, "the default user");
    RC_TRY(check_last_admin(db, user, false, pool));
    err = rc_store_user_delete(db, user->id);
    if (err && err->kind == RC_E_CONFLICT)
        return rc_err_failed(pool, "owns repositories, repository groups or user groups");
    return err;
}
