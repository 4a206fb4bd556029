/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin token, ip, anonymous, password: changes what belongs to one user.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "domain/user.h"

/* Runs @a change; @a what is added to the user's name in the journal, unless NULL. */
static int change_user(rc_admin_change_t *change, const char *action, const char *what)
{
    const char *about =
        apr_pstrcat(change->admin->pool, change->user->username, what ? ":" : NULL, what, NULL);

    return rc_admin_change(change, action, about);
}

static rc_err_t *print_key(void *baton, const rc_user_key_t *key)
{
    rc_admin_change_t *change = baton;
    rc_admin_t *admin = change->admin;
    const char *clear, *expires = "never", *hidden = "(not shown)";

    if (rc_key_clear(&clear, rc_key_secret(admin->env), key, admin->pool)) {
        hidden = "(cannot be decrypted with the secret file)";
        change->unreadable++;
    }
    if (key->expires != -1)
        expires = rc_time_local(apr_time_from_sec(key->expires), admin->pool);
    printf("%" APR_INT64_T_FMT "\t%s\t%s\t%s\t%s\t%s\n", key->id, key->main ? "main" : "token",
           key->role, expires, clear ? clear : hidden, key->description);
    return NULL;
}

static rc_err_t *create_token(rc_admin_change_t *change, rc_db_t *db)
{
    return rc_token_create(&change->value, db, rc_key_secret(change->admin->env), &change->token,
                           change->admin->pool);
}

static rc_err_t *delete_token(rc_admin_change_t *change, rc_db_t *db)
{
    return rc_token_delete(db, change->user->id, change->value, change->admin->pool);
}

static rc_err_t *reset_key(rc_admin_change_t *change, rc_db_t *db)
{
    change->value = NULL;
    return rc_main_key_reset(&change->value, db, rc_key_secret(change->admin->env),
                             change->user->id, change->admin->pool);
}

static bool read_token_options(rc_admin_change_t *change, const char *role, const char *lifetime,
                               const char *description)
{
    const char *name = apr_pstrcat(change->admin->pool, "token_role_", role ? role : "all", NULL);

    change->token.user_id = change->user->id;
    change->token.role = rc_role_from_name(name);
    change->token.lifetime = RC_NEVER;
    change->token.description = description;
    if (!change->token.role) {
        rc_admin_fail(RC_ADMIN_USAGE, "--role must be one of all, api, feed, http, vcs");
        return false;
    }
    if (lifetime && !rc_text_int(&change->token.lifetime, lifetime)) {
        rc_admin_fail(RC_ADMIN_USAGE, "--lifetime must be a number of minutes, or -1");
        return false;
    }
    return true;
}

static int list_tokens(rc_admin_change_t *change)
{
    rc_err_t *err;

    rc_admin_head(change->admin, "ID\tKIND\tROLE\tEXPIRES\tKEY\tDESCRIPTION");
    err = rc_store_keys_each(change->admin->db, change->user->id, print_key, change,
                             change->admin->pool);

    if (err || !change->unreadable)
        return rc_admin_result(change->admin, err);
    return rc_admin_fail(RC_ADMIN_FAILED,
                         "%d keys cannot be decrypted with the secret file: was it "
                         "replaced?",
                         change->unreadable);
}

static int run_token(rc_admin_change_t *change, const char *verb, const char *options[3])
{
    int status;

    if (!strcmp(verb, "list"))
        return list_tokens(change);
    if (!strcmp(verb, "delete")) {
        change->fn = delete_token;
        return change_user(change, "admin_deleted_token", NULL);
    }
    change->fn = !strcmp(verb, "create") ? create_token : reset_key;
    if (change->fn == create_token &&
        !read_token_options(change, options[0], options[1], options[2]))
        return RC_ADMIN_USAGE;
    status =
        change_user(change, change->fn == create_token ? "admin_created_token" : "admin_reset_key",
                    change->fn == create_token ? rc_role_name(change->token.role) : NULL);
    if (status == RC_ADMIN_OK)
        printf("%s\n", change->value);
    return status;
}

int rc_admin_token(rc_admin_t *admin)
{
    const char *options[] = {rc_admin_option(admin, "--role"), rc_admin_option(admin, "--lifetime"),
                             rc_admin_option(admin, "--description")};
    const char *verb = rc_admin_word(admin);
    rc_admin_change_t change = {.admin = admin};
    int status;

    if (!verb || (strcmp(verb, "list") && strcmp(verb, "create") && strcmp(verb, "delete") &&
                  strcmp(verb, "reset")))
        return rc_admin_fail(RC_ADMIN_USAGE, "token requires list, create, delete or reset");
    if ((status = rc_admin_user(&change.user, admin)))
        return status;
    if (!strcmp(verb, "delete") && !(change.value = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: token");
    return rc_admin_end(admin) ? run_token(&change, verb, options) : RC_ADMIN_USAGE;
}

static rc_err_t *add_ip(rc_admin_change_t *change, rc_db_t *db)
{
    return rc_ip_add(db, change->user->id, change->value, change->admin->pool);
}

static rc_err_t *remove_ip(rc_admin_change_t *change, rc_db_t *db)
{
    return rc_ip_remove(db, change->user->id, change->value, change->admin->pool);
}

static int list_ips(rc_admin_change_t *change)
{
    apr_array_header_t *entries;
    rc_err_t *err =
        rc_store_user_ips(&entries, change->admin->db, change->user->id, change->admin->pool);
    int i;

    for (i = 0; !err && i < entries->nelts; i++)
        printf("%s\n", APR_ARRAY_IDX(entries, i, const char *));
    return rc_admin_result(change->admin, err);
}

int rc_admin_ip(rc_admin_t *admin)
{
    const char *verb = rc_admin_word(admin);
    rc_admin_change_t change = {.admin = admin};
    bool list = verb && !strcmp(verb, "list");
    int status;

    if (!verb || (!list && strcmp(verb, "add") && strcmp(verb, "remove")))
        return rc_admin_fail(RC_ADMIN_USAGE, "ip requires list, add or remove");
    if ((status = rc_admin_user(&change.user, admin)))
        return status;
    if (!list && !(change.value = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: addresses");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    change.fn = !strcmp(verb, "add") ? add_ip : remove_ip;
    return list ? list_ips(&change)
                : change_user(&change, change.fn == add_ip ? "admin_added_ip" : "admin_removed_ip",
                              change.value);
}

static rc_err_t *set_active(rc_admin_change_t *change, rc_db_t *db)
{
    return rc_store_user_set_active(db, change->user->id, change->on);
}

int rc_admin_anonymous(rc_admin_t *admin)
{
    const char *word = rc_admin_word(admin);
    rc_admin_change_t change = {.admin = admin, .fn = set_active};
    rc_err_t *err;

    if (word && strcmp(word, "on") && strcmp(word, "off"))
        return rc_admin_fail(RC_ADMIN_USAGE, "anonymous accepts only on or off");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    change.on = word && !strcmp(word, "on");
    if ((err = rc_store_user_by_name(&change.user, admin->db, RC_DEFAULT_USER, admin->pool)))
        return rc_admin_result(admin, err);
    if (!change.user)
        return rc_admin_fail(RC_ADMIN_FAILED, "there is no default user; run init first");
    if (word)
        return change_user(&change, "admin_set_anonymous", word);
    puts(change.user->active ? "on" : "off");
    return RC_ADMIN_OK;
}

static rc_err_t *set_password(rc_admin_change_t *change, rc_db_t *db)
{
    return rc_store_user_set_password(db, change->user->id, change->value);
}

int rc_admin_password(rc_admin_t *admin)
{
    bool none = rc_admin_flag(admin, "--none");
    rc_admin_change_t change = {.admin = admin, .fn = set_password};
    const char *password;
    rc_err_t *err;
    int status;

    if (!none && !(password = rc_admin_new_password(admin, "New password")))
        return RC_ADMIN_USAGE;
    if ((status = rc_admin_user(&change.user, admin)))
        return status;
    if (!rc_admin_end(admin)) /* also rejects --none with --password */
        return RC_ADMIN_USAGE;
    if (none)
        return change_user(&change, "admin_set_password", NULL);
    if ((err = rc_password_hash(&change.value, NULL, password, admin->pool)))
        return rc_admin_result(admin, err);
    return change_user(&change, "admin_set_password", NULL);
}
