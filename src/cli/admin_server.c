/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin email, perm, set, follow, backup (contract 04 §7).
 */
#include "admin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "domain/data.h"
#include "domain/global.h"
#include "store/repo.h"
#include "store/setting.h"
#include "domain/user.h"

/* --- email --- */

static rc_err_t *change_email(rc_admin_change_t *change, rc_db_t *db)
{
    return change->on ? rc_email_add(db, change->id, change->value, change->admin->pool)
                      : rc_email_remove(db, change->id, change->value, change->admin->pool);
}

static int list_emails(rc_admin_t *admin, const rc_user_t *user)
{
    rc_user_details_t details;
    rc_err_t *err = rc_store_user_details(&details, admin->db, user, admin->pool);
    int i;

    for (i = 0; !err && i < details.emails->nelts; i++)
        printf("%s\n", APR_ARRAY_IDX(details.emails, i, const char *));
    return rc_admin_result(admin, err);
}

int rc_admin_email(rc_admin_t *admin)
{
    const char *verb = rc_admin_word(admin);
    rc_admin_change_t change = {.admin = admin, .fn = change_email};
    bool list = verb && !strcmp(verb, "list");
    rc_user_t *user;
    int status;

    if (!verb || (!list && strcmp(verb, "add") && strcmp(verb, "remove")))
        return rc_admin_fail(RC_ADMIN_USAGE, "email requires list, add or remove");
    if ((status = rc_admin_user(&user, admin)))
        return status;
    if (!list && !(change.value = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: address");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    change.id = user->id;
    change.on = !strcmp(verb, "add");
    return list
               ? list_emails(admin, user)
               : rc_admin_change(&change, change.on ? "admin_added_email" : "admin_removed_email",
                                 apr_pstrcat(admin->pool, user->username, ":", change.value, NULL));
}

/* --- perm --- */

static rc_err_t *change_permissions(rc_admin_change_t *change, rc_db_t *db)
{
    rc_admin_t *admin = change->admin;
    const char *word;

    while ((word = rc_admin_word(admin))) {
        if (!strcmp(word, "inherit=on") || !strcmp(word, "inherit=off"))
            RC_TRY(
                rc_store_set_inherits(db, change->holder, change->id, !strcmp(word, "inherit=on")));
        else
            RC_TRY(rc_global_set(db, change->holder, change->id, word, admin->pool));
    }
    return NULL;
}

static int list_permissions(rc_admin_change_t *change)
{
    rc_admin_t *admin = change->admin;
    apr_array_header_t *names;
    bool inherits = false;
    rc_err_t *err;
    int i;

    if ((err = rc_store_globals(&names, &inherits, admin->db, change->holder, change->id,
                                admin->pool)))
        return rc_admin_result(admin, err);
    printf("inherit=%s\n", inherits ? "on" : "off");
    for (i = 0; i < names->nelts; i++)
        printf("%s\n", APR_ARRAY_IDX(names, i, const char *));
    return RC_ADMIN_OK;
}

/* "default", "user NAME" or "group NAME". */
static int read_holder(rc_admin_change_t *change)
{
    rc_admin_t *admin = change->admin;
    const char *kind = rc_admin_word(admin), *name = RC_DEFAULT_USER;
    rc_user_group_t *group = NULL;
    rc_user_t *user = NULL;
    rc_err_t *err;

    if (!kind || (strcmp(kind, "default") && strcmp(kind, "user") && strcmp(kind, "group")))
        return rc_admin_fail(RC_ADMIN_USAGE, "perm requires default, user NAME or group NAME");
    if (strcmp(kind, "default") && !(name = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: %s", kind);
    change->holder = !strcmp(kind, "group") ? RC_OF_USER_GROUP : RC_OF_USER;
    if ((err = rc_store_first_admin(&user, admin->db, admin->pool)))
        return rc_admin_result(admin, err);
    if (change->holder == RC_OF_USER_GROUP)
        err =
            rc_store_user_group_by_name(&group, admin->db, user ? user->id : 0, name, admin->pool);
    else
        err = rc_store_user_by_name(&user, admin->db, name, admin->pool);
    if (err)
        return rc_admin_result(admin, err);
    if (change->holder == RC_OF_USER_GROUP ? !group : !user)
        return rc_admin_fail(RC_ADMIN_FAILED, "%s `%s` does not exist",
                             change->holder == RC_OF_USER_GROUP ? "user group" : "user", name);
    change->id = group ? group->id : user->id;
    change->name = name;
    return RC_ADMIN_OK;
}

int rc_admin_perm(rc_admin_t *admin)
{
    rc_admin_change_t change = {.admin = admin, .fn = change_permissions};
    int status = read_holder(&change);

    if (status != RC_ADMIN_OK)
        return status;
    if (!admin->words->nelts)
        return list_permissions(&change);
    return rc_admin_change(&change, "admin_set_permissions",
                           apr_pstrcat(admin->pool, change.name, ":",
                                       apr_array_pstrcat(admin->pool, admin->words, ' '), NULL));
}

/* --- set --- */

static const struct {
    const char *name, *help;
    bool is_flag;
} settings[] = {
    {"default_repo_enable_downloads", "default for new repositories", true},
    {"default_repo_enable_locking", "default for new repositories", true},
    {"default_repo_enable_statistics", "default for new repositories", true},
    {"default_repo_private", "default for new repositories", true},
    {"gist_alias_url", "URL of a gist, with {gistid} in it; empty: of this server", false},
    {"repository_fields", "whether extra fields are shown", true},
};

#define SETTINGS (sizeof(settings) / sizeof(*settings))

static rc_err_t *set_setting(rc_admin_change_t *change, rc_db_t *db)
{
    return rc_store_setting_set(db, change->name, change->value);
}

static int list_settings(rc_admin_t *admin)
{
    apr_size_t i;

    for (i = 0; i < SETTINGS; i++) {
        const char *value;
        rc_err_t *err = rc_store_setting(&value, admin->db, settings[i].name, admin->pool);

        if (err)
            return rc_admin_result(admin, err);
        printf("%s=%s\t# %s\n", settings[i].name, value ? value : "", settings[i].help);
    }
    return RC_ADMIN_OK;
}

/* Returns the stored form of a flag, True or False; NULL when @a text is neither. */
static const char *flag_value(const char *text)
{
    static const char *const yes[] = {"on", "true", "True", "yes", "1"};
    static const char *const no[] = {"off", "false", "False", "no", "0"};
    int i;

    for (i = 0; i < 5; i++) {
        if (!strcmp(text, yes[i]))
            return "True";
        if (!strcmp(text, no[i]))
            return "False";
    }
    return NULL;
}

int rc_admin_set(rc_admin_t *admin)
{
    rc_admin_change_t change = {.admin = admin, .fn = set_setting};
    apr_size_t i = 0;

    if (!(change.name = rc_admin_word(admin)))
        return list_settings(admin);
    while (i < SETTINGS && strcmp(settings[i].name, change.name))
        i++;
    if (i == SETTINGS)
        return rc_admin_fail(RC_ADMIN_USAGE,
                             "unknown setting %s; `set` without arguments lists them", change.name);
    if (!(change.value = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: value of %s", change.name);
    if (settings[i].is_flag && !(change.value = flag_value(change.value)))
        return rc_admin_fail(RC_ADMIN_USAGE, "%s must be on or off", change.name);
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    return rc_admin_change(&change, "admin_set",
                           apr_pstrcat(admin->pool, change.name, "=", change.value, NULL));
}

/* --- follow --- */

static rc_err_t *change_following_user(rc_admin_change_t *change, rc_db_t *db)
{
    return change->on ? rc_store_follow_user(db, change->id, change->other_id)
                      : rc_store_unfollow_user(db, change->id, change->other_id);
}

static int follow_user(rc_admin_change_t *change, rc_admin_t *admin, const rc_user_t *user,
                       const char *name)
{
    rc_user_t *other;
    rc_err_t *err = rc_store_user_by_name(&other, admin->db, name, admin->pool);

    if (err)
        return rc_admin_result(admin, err);
    if (!other)
        return rc_admin_fail(RC_ADMIN_FAILED, "user `%s` does not exist", name);
    if (other->id == change->id)
        return rc_admin_fail(RC_ADMIN_FAILED, "a user cannot follow themselves");
    change->fn = change_following_user;
    change->other_id = other->id;
    return rc_admin_change(change, change->on ? "admin_added_follower" : "admin_removed_follower",
                           apr_pstrcat(admin->pool, user->username, ":user ", name, NULL));
}

static rc_err_t *change_following(rc_admin_change_t *change, rc_db_t *db)
{
    return change->on ? rc_store_follow_repo(db, change->id, change->other_id)
                      : rc_store_unfollow_repo(db, change->id, change->other_id);
}

int rc_admin_follow(rc_admin_t *admin)
{
    rc_admin_change_t change = {.admin = admin, .fn = change_following};
    const char *name, *other = rc_admin_option(admin, "--user");
    rc_repo_t *repo;
    rc_user_t *user;
    rc_err_t *err;
    int status;

    change.on = !rc_admin_flag(admin, "--remove");
    if ((status = rc_admin_user(&user, admin)))
        return status;
    change.id = user->id;
    if (other)
        return rc_admin_end(admin) ? follow_user(&change, admin, user, other) : RC_ADMIN_USAGE;
    if (!(name = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: repository");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if ((err = rc_store_repo_by_name(&repo, admin->db, user->id, name, admin->pool)))
        return rc_admin_result(admin, err);
    if (!repo)
        return rc_admin_fail(RC_ADMIN_FAILED, "repository `%s` does not exist", name);
    change.other_id = repo->id;
    return rc_admin_change(&change, change.on ? "admin_added_follower" : "admin_removed_follower",
                           apr_pstrcat(admin->pool, user->username, ":", name, NULL));
}

/* --- backup --- */

/* Copies the database to standard output: so root's shell can create a file where the owner of the
 * data cannot. */
static rc_err_t *backup_to_output(rc_admin_t *admin)
{
    const char *path;
    char buffer[65536];
    ssize_t n = 0;
    int fd;

    RC_TRY(rc_data_copy(&path, admin->env, admin->db, admin->pool));
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return rc_fs_err(admin->pool, "open", path);
    while ((n = read(fd, buffer, sizeof(buffer))) > 0)
        if (fwrite(buffer, 1, (size_t)n, stdout) != (size_t)n)
            break;
    close(fd);
    return n || fflush(stdout) ? rc_fs_err(admin->pool, "write", "standard output") : NULL;
}

int rc_admin_backup(rc_admin_t *admin)
{
    const char *path = rc_admin_word(admin);

    if (!path)
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: file, or - for standard output");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (!strcmp(path, "-"))
        return rc_admin_result(admin, backup_to_output(admin));
    return rc_admin_result(admin, rc_db_backup(admin->db, path));
}
