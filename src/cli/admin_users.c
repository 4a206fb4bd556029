/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin token, ip, email, password: changes what belongs to one user.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include <apr_strings.h>

#include "base/text.h"
#include "base/time.h"
#include "domain/user_self.h"

/* --- token --- */

/* Prints a key. Returns whether it can be decrypted. */
static bool print_key(const rc_admin_t *admin, const rc_user_key_t *key)
{
    const char *clear, *expires = "never", *hidden = "(not shown)";
    bool readable = !rc_key_clear(&clear, rc_key_secret(admin->env), key, admin->pool);

    if (!readable)
        hidden = "(cannot be decrypted with the secret file)";
    if (key->expires != RC_NEVER)
        expires = rc_time_local(apr_time_from_sec(key->expires), admin->pool);
    printf("%" APR_INT64_T_FMT "\t%s\t%s\t%s\t%s\t%s\n", key->id, key->main ? "main" : "token",
           key->role, expires, clear ? clear : hidden, key->description);
    return readable;
}

static int list_tokens(rc_admin_t *admin, const rc_user_t *user)
{
    rc_user_details_t details;
    rc_err_t *err = rc_user_show(&details, &admin->actor, user);
    int i, unreadable = 0;

    if (err)
        return rc_admin_result(admin, err);
    rc_admin_head(admin, "ID\tKIND\tROLE\tEXPIRES\tKEY\tDESCRIPTION");
    for (i = 0; i < details.keys->nelts; i++)
        unreadable += !print_key(admin, &APR_ARRAY_IDX(details.keys, i, rc_user_key_t));
    if (!unreadable)
        return RC_ADMIN_OK;
    return rc_admin_fail(RC_ADMIN_FAILED,
                         "%d keys cannot be decrypted with the secret file: was it replaced?",
                         unreadable);
}

static int print_new_key(rc_admin_t *admin, const rc_err_t *err, const char *key)
{
    if (!err)
        puts(key);
    return rc_admin_result(admin, err);
}

static int create_token(rc_admin_t *admin, rc_token_creation_t *request, const char *role,
                        const char *lifetime)
{
    rc_err_t *err;

    request->role = rc_role_from_name(apr_pstrcat(admin->pool, "token_role_", role, NULL));
    request->lifetime = RC_NEVER;
    if (!request->role)
        return rc_admin_fail(RC_ADMIN_USAGE, "--role must be one of all, api, feed, http, vcs");
    if (lifetime && !rc_text_int(&request->lifetime, lifetime))
        return rc_admin_fail(RC_ADMIN_USAGE, "--lifetime must be a number of minutes, or -1");
    err = rc_user_token_create(&admin->actor, request);
    return print_new_key(admin, err, request->key);
}

static int reset_key(rc_admin_t *admin, const rc_user_t *user)
{
    rc_user_item_t request = {user, NULL};
    rc_err_t *err = rc_user_key_reset(&admin->actor, &request);

    return print_new_key(admin, err, request.value);
}

int rc_admin_token(rc_admin_t *admin)
{
    const char *role = rc_admin_option(admin, "--role");
    const char *lifetime = rc_admin_option(admin, "--lifetime");
    rc_token_creation_t creation = {.description = rc_admin_option(admin, "--description")};
    const char *verb = rc_admin_word(admin), *token = NULL;
    rc_user_t *user;
    int status;

    if (!verb || (strcmp(verb, "list") && strcmp(verb, "create") && strcmp(verb, "delete") &&
                  strcmp(verb, "reset")))
        return rc_admin_fail(RC_ADMIN_USAGE, "token requires list, create, delete or reset");
    if ((status = rc_admin_user(&user, admin)))
        return status;
    if (!strcmp(verb, "delete") && !(token = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: token");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    creation.user = user;
    if (!strcmp(verb, "list"))
        return list_tokens(admin, user);
    if (!strcmp(verb, "create"))
        return create_token(admin, &creation, role ? role : "all", lifetime);
    if (!strcmp(verb, "reset"))
        return reset_key(admin, user);
    return rc_admin_result(admin,
                           rc_user_token_delete(&admin->actor, &(rc_user_item_t){user, token}));
}

/* --- ip, email --- */

typedef rc_err_t *item_fn(rc_actor_t *actor, const rc_user_item_t *request);

/* A list that a user has: the functions that add to it and remove from it. */
typedef struct owned_t {
    item_fn *add, *remove;
    const char *argument; /* what is added */
} owned_t;

static int print_list(const apr_array_header_t *values)
{
    int i;

    for (i = 0; i < values->nelts; i++)
        puts(APR_ARRAY_IDX(values, i, const char *));
    return RC_ADMIN_OK;
}

static int run_list(rc_admin_t *admin, const owned_t *owned, bool ips)
{
    const char *verb = rc_admin_word(admin);
    bool list = verb && !strcmp(verb, "list");
    rc_user_item_t item = {NULL, NULL};
    rc_user_details_t details;
    rc_user_t *user;
    rc_err_t *err;
    int status;

    if (!verb || (!list && strcmp(verb, "add") && strcmp(verb, "remove")))
        return rc_admin_fail(RC_ADMIN_USAGE, "%s requires list, add or remove", admin->command);
    if ((status = rc_admin_user(&user, admin)))
        return status;
    if (!list && !(item.value = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: %s", owned->argument);
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    item.user = user;
    if (list)
        err = rc_user_show(&details, &admin->actor, user);
    else
        err = (!strcmp(verb, "add") ? owned->add : owned->remove)(&admin->actor, &item);
    if (err || !list)
        return rc_admin_result(admin, err);
    return print_list(ips ? details.ips : details.emails);
}

int rc_admin_ip(rc_admin_t *admin)
{
    static const owned_t ips = {rc_user_ip_add, rc_user_ip_remove, "addresses"};

    return run_list(admin, &ips, true);
}

int rc_admin_email(rc_admin_t *admin)
{
    static const owned_t emails = {rc_user_email_add, rc_user_email_remove, "address"};

    return run_list(admin, &emails, false);
}

/* --- password --- */

/* Returns whether the next word is an option, not the name of a user. */
static bool begins_with_option(const rc_admin_t *admin)
{
    return admin->words->nelts && *APR_ARRAY_IDX(admin->words, 0, const char *) == '-';
}

int rc_admin_password(rc_admin_t *admin)
{
    bool none = rc_admin_flag(admin, "--none"), late = begins_with_option(admin);
    rc_user_item_t item = {NULL, NULL};
    rc_user_t *user;
    int status;

    if (!late && (status = rc_admin_user(&user, admin))) /* before it asks for a password */
        return status;
    if (!none && !(item.value = rc_admin_new_password(admin, "New password")))
        return RC_ADMIN_USAGE;
    if (late && (status = rc_admin_user(&user, admin)))
        return status;
    if (!rc_admin_end(admin)) /* also rejects --none with --password */
        return RC_ADMIN_USAGE;
    item.user = user;
    return rc_admin_result(admin, rc_user_password_set(&admin->actor, &item));
}
