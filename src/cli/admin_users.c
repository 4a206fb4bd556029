/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin ip, email, password: changes what belongs to one user.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>

#include "domain/user_self.h"

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
