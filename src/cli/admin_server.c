/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin anonymous, perm, set, follow, backup (contract 04 §7).
 */
#include "admin.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/fs.h"
#include "domain/data.h"
#include "domain/global.h"
#include "domain/server.h"
#include "domain/journal.h"
#include "domain/user_self.h"
#include "store/repo.h"
#include "store/setting.h"
#include "store/user.h"

#define INHERIT "inherit" /* a value for one repository: none of its own */

/* --- anonymous --- */

static int show_anonymous(rc_admin_t *admin)
{
    rc_user_t *user;
    rc_err_t *err = rc_store_user_by_name(&user, admin->actor.db, RC_DEFAULT_USER, admin->pool);

    if (err)
        return rc_admin_result(admin, err);
    if (!user)
        return rc_admin_fail(RC_ADMIN_FAILED, "there is no default user; run init first");
    puts(user->active ? "on" : "off");
    return RC_ADMIN_OK;
}

int rc_admin_anonymous(rc_admin_t *admin)
{
    const char *word = rc_admin_word(admin);
    bool on = word && !strcmp(word, "on");

    if (word && !on && strcmp(word, "off"))
        return rc_admin_fail(RC_ADMIN_USAGE, "anonymous accepts only on or off");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    return word ? rc_admin_result(admin, rc_anonymous_set(&admin->actor, on))
                : show_anonymous(admin);
}

/* --- perm --- */

static int list_permissions(rc_admin_t *admin, const rc_globals_change_t *change)
{
    apr_array_header_t *names;
    bool inherits = false;
    rc_err_t *err;
    int i;

    if ((err = rc_store_globals(&names, &inherits, admin->actor.db, change->holder, change->id,
                                admin->pool)))
        return rc_admin_result(admin, err);
    printf("inherit=%s\n", inherits ? "on" : "off");
    for (i = 0; i < names->nelts; i++)
        printf("%s\n", APR_ARRAY_IDX(names, i, const char *));
    return RC_ADMIN_OK;
}

/* Sets the id of the user or user group of this name; 0 when there is none. */
static rc_err_t *find_holder(rc_globals_change_t *change, const rc_admin_t *admin)
{
    rc_user_group_t *group;
    rc_user_t *user;

    change->id = 0;
    if (change->holder == RC_OF_USER_GROUP) { /* lookups require a user; any user will do */
        RC_TRY(rc_store_user_by_name(&user, admin->actor.db, RC_DEFAULT_USER, admin->pool));
        RC_TRY(rc_store_user_group_by_name(&group, admin->actor.db,
                                           rc_viewer_user(user ? user->id : 0), change->name,
                                           admin->pool));
        change->id = group ? group->id : 0;
    } else {
        RC_TRY(rc_store_user_by_name(&user, admin->actor.db, change->name, admin->pool));
        change->id = user ? user->id : 0;
    }
    return NULL;
}

/* "default", "user NAME" or "group NAME". */
static int read_holder(rc_globals_change_t *change, rc_admin_t *admin)
{
    const char *kind = rc_admin_word(admin);
    bool group = kind && !strcmp(kind, "group");
    rc_err_t *err;

    if (!kind || (strcmp(kind, "default") && strcmp(kind, "user") && !group))
        return rc_admin_fail(RC_ADMIN_USAGE, "perm requires default, user NAME or group NAME");
    change->name = strcmp(kind, "default") ? rc_admin_word(admin) : RC_DEFAULT_USER;
    if (!change->name)
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: %s", kind);
    change->holder = group ? RC_OF_USER_GROUP : RC_OF_USER;
    if ((err = find_holder(change, admin)))
        return rc_admin_result(admin, err);
    if (!change->id)
        return rc_admin_fail(RC_ADMIN_FAILED, "%s `%s` does not exist",
                             group ? "user group" : "user", change->name);
    return RC_ADMIN_OK;
}

/* Says so when permissions were set that have no effect (contract 01 §3). */
static rc_err_t *warn_if_void(const rc_admin_t *admin, const rc_globals_change_t *change)
{
    apr_array_header_t *names;
    bool inherits = false;

    if (!strcmp(change->name, RC_DEFAULT_USER))
        return NULL;
    RC_TRY(rc_store_globals(&names, &inherits, admin->actor.db, change->holder, change->id,
                            admin->pool));
    if (inherits && names->nelts)
        fprintf(stderr, "rcapi-admin: these have no effect until inherit=off\n");
    return NULL;
}

int rc_admin_perm(rc_admin_t *admin)
{
    rc_globals_change_t change = {.words = admin->words};
    int status = read_holder(&change, admin);
    rc_err_t *err;

    if (status != RC_ADMIN_OK)
        return status;
    if (!admin->words->nelts)
        return list_permissions(admin, &change);
    if ((err = rc_globals_change(&admin->actor, &change)))
        return rc_admin_result(admin, err);
    return rc_admin_result(admin, warn_if_void(admin, &change));
}

/* --- set --- */

static int list_settings(rc_admin_t *admin)
{
    const rc_setting_t *setting;

    for (setting = rc_settings; setting->name; setting++) {
        const char *value;
        rc_err_t *err = rc_store_setting(&value, admin->actor.db, setting->name, admin->pool);

        if (err)
            return rc_admin_result(admin, err);
        printf("%s=%s\t# %s\n", setting->name, value ? value : setting->preset, setting->help);
    }
    return RC_ADMIN_OK;
}

/* Sets a setting of the repository @a name. */
static int set_of_repo(rc_admin_t *admin, const rc_setting_t *setting, const char *name,
                       const char *value)
{
    rc_user_t *reader; /* lookups require a user; any user will do */
    rc_repo_t *repo = NULL;
    rc_err_t *err = rc_store_first_admin(&reader, admin->actor.db, admin->pool);

    if (!err && reader)
        err = rc_store_repo_by_name(&repo, admin->actor.db, rc_viewer_user(reader->id), name,
                                    admin->pool);
    if (err)
        return rc_admin_result(admin, err);
    if (!repo)
        return rc_admin_fail(RC_ADMIN_FAILED, "repository `%s` does not exist", name);
    return rc_admin_result(admin, rc_repo_setting_change(&admin->actor, setting, repo,
                                                         strcmp(value, INHERIT) ? value : NULL));
}

int rc_admin_set(rc_admin_t *admin)
{
    const char *name = rc_admin_word(admin), *value, *repo;
    const rc_setting_t *setting;

    if (!name)
        return list_settings(admin);
    if (!(setting = rc_setting_find(name)))
        return rc_admin_fail(RC_ADMIN_USAGE,
                             "unknown setting %s; `set` without arguments lists them", name);
    if (!(value = rc_admin_word(admin)))
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: value of %s", name);
    repo = rc_admin_word(admin);
    if (!rc_setting_form(setting, value) && (!repo || strcmp(value, INHERIT)))
        return rc_admin_fail(RC_ADMIN_USAGE, "%s must be %s", name, rc_setting_rule(setting));
    if (repo && !rc_setting_is_of_repos(setting))
        return rc_admin_fail(RC_ADMIN_USAGE, "unexpected: %s; repositories have no %s", repo, name);
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    return repo ? set_of_repo(admin, setting, repo, value)
                : rc_admin_result(admin, rc_setting_change(&admin->actor, setting, value));
}

/* --- follow --- */

/* Finds what is followed: user @a other or, with NULL, the repository that the next word names. */
static int read_followed(rc_following_t *request, rc_admin_t *admin, const char *other)
{
    const char *name = other ? other : rc_admin_word(admin);
    rc_repo_t *repo = NULL;
    rc_user_t *user = NULL;
    rc_err_t *err;

    if (!name)
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: repository");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    if (other)
        err = rc_store_user_by_name(&user, admin->actor.db, name, admin->pool);
    else
        err = rc_store_repo_by_name(&repo, admin->actor.db, rc_viewer_user(request->user->id), name,
                                    admin->pool);
    if (err)
        return rc_admin_result(admin, err);
    request->other = user;
    request->repo = repo;
    return repo || user ? RC_ADMIN_OK
                        : rc_admin_fail(RC_ADMIN_FAILED, "%s `%s` does not exist",
                                        other ? "user" : "repository", name);
}

int rc_admin_follow(rc_admin_t *admin)
{
    const char *other = rc_admin_option(admin, "--user");
    rc_following_t request = {.on = !rc_admin_flag(admin, "--remove")};
    rc_user_t *user;
    int status;

    if ((status = rc_admin_user(&user, admin)))
        return status;
    request.user = user;
    if ((status = read_followed(&request, admin, other)))
        return status;
    return rc_admin_result(admin, rc_user_follow(&admin->actor, &request));
}

/* --- backup --- */

/* Copies a file to standard output. What cannot be written there is reported at the end. */
static rc_err_t *print_file(int fd, const char *path, apr_pool_t *pool)
{
    char buffer[65536];
    ssize_t n;

    while ((n = read(fd, buffer, sizeof(buffer))) > 0)
        if (fwrite(buffer, 1, (size_t)n, stdout) != (size_t)n)
            break;
    return n < 0 ? rc_fs_err(pool, "read", path) : NULL;
}

/* Copies the database to standard output: so root's shell can create a file where the owner of the
 * data cannot. */
static rc_err_t *backup_to_output(rc_admin_t *admin)
{
    const char *path;
    rc_err_t *err;
    int fd;

    RC_TRY(rc_data_copy(&path, admin->env, admin->actor.db, admin->pool));
    if ((fd = open(path, O_RDONLY | O_CLOEXEC)) < 0)
        return rc_fs_err(admin->pool, "open", path);
    err = print_file(fd, path, admin->pool);
    close(fd);
    return err;
}

int rc_admin_backup(rc_admin_t *admin)
{
    const char *path = rc_admin_word(admin);

    if (!path)
        return rc_admin_fail(RC_ADMIN_USAGE, "missing argument: file, or - for standard output");
    if (!rc_admin_end(admin))
        return RC_ADMIN_USAGE;
    rc_journal_settle(admin->actor.db, false, admin->pool);
    if (!strcmp(path, "-"))
        return rc_admin_result(admin, backup_to_output(admin));
    return rc_admin_result(admin, rc_db_backup(admin->actor.db, path));
}
