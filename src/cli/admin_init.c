/* SPDX-License-Identifier: Apache-2.0
 *
 * rcapi-admin init: creates the database, the secret, the default user and the first administrator,
 * and runs the first scan (contract 04 §6). It asks only for values that no option gives.
 */
#include "admin.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "domain/data.h"
#include "domain/scan.h"
#include "base/text.h"
#include "domain/user.h"

typedef struct init_t {
    rc_new_user_t user;
    const char *password;
    bool public_access, yes, no;
    rc_admin_t *admin;
} init_t;

static bool confirm(init_t *init, const char *question)
{
    return init->yes || (!init->no && rc_admin_confirm(init->admin, question));
}

static const char *option_or_ask(rc_admin_t *admin, const char *option, const char *prompt)
{
    const char *value = rc_admin_option(admin, option);

    return value ? value : rc_admin_ask(admin, prompt, false);
}

static bool read_init_options(init_t *init)
{
    rc_admin_t *admin = init->admin;
    const char *first = rc_admin_option(admin, "--firstname");
    const char *last = rc_admin_option(admin, "--lastname");

    init->public_access = rc_admin_flag(admin, "--public-access");
    if (rc_admin_flag(admin, "--no-public-access"))
        init->public_access = false;
    init->yes = rc_admin_flag(admin, "--force-yes");
    init->no = rc_admin_flag(admin, "--force-no");
    init->user.key = rc_admin_option(admin, "--api-key");
    init->user.username = option_or_ask(admin, "--user", "Name of the administrator");
    init->user.email = option_or_ask(admin, "--email", "E-mail address");
    init->user.firstname = first ? first : "RhodeCode";
    init->user.lastname = last ? last : "Admin";
    init->user.active = init->user.admin = true;
    if (!init->user.username || !init->user.email) {
        rc_admin_fail(RC_ADMIN_USAGE, "--user and --email are required");
        return false;
    }
    if (init->user.key && !*init->user.key) {
        rc_admin_fail(RC_ADMIN_USAGE, "the key must not be empty");
        return false;
    }
    if (!rc_text_is_email(init->user.email)) {
        rc_admin_fail(RC_ADMIN_USAGE, "`%s` is no e-mail address", init->user.email);
        return false;
    }
    init->password = rc_admin_new_password(admin, "Password of the administrator");
    return init->password && rc_admin_end(admin);
}

/* Creates the repository root if it is missing, and checks the access to it. */
static rc_err_t *check_root(init_t *init)
{
    rc_admin_t *admin = init->admin;
    struct stat st;

    RC_TRY(rc_fs_make_folders(admin->config.repo_root, admin->pool));
    if (stat(admin->config.repo_root, &st) || !S_ISDIR(st.st_mode))
        return rc_err(admin->pool, RC_E_ARG, "%s is not a folder", admin->config.repo_root);
    if (access(admin->config.repo_root, R_OK | W_OK | X_OK))
        return rc_err(admin->pool, RC_E_ARG, "%s cannot be read and written",
                      admin->config.repo_root);
    return NULL;
}

static rc_err_t *make_folder_of(const char *path, apr_pool_t *pool)
{
    return rc_fs_make_folders(apr_pstrmemdup(pool, path, (apr_size_t)(strrchr(path, '/') - path)),
                              pool);
}

static rc_err_t *make_places(init_t *init)
{
    rc_admin_t *admin = init->admin;
    const char *db = admin->config.db.path, *secret = admin->config.secret_file;

    if (!rc_db_is_on_server(db))
        RC_TRY(make_folder_of(db, admin->pool));
    RC_TRY(make_folder_of(secret, admin->pool));
    if (rc_db_exists(&admin->config.db, admin->pool) &&
        !confirm(init, "The database exists. Destroy it? [y/n]"))
        return rc_err(admin->pool, RC_E_ARG, "%s exists; use --force-yes to destroy it", db);
    RC_TRY(check_root(init));
    return rc_fs_exists(secret) ? NULL : rc_secret_create(secret, admin->pool);
}

static rc_err_t *set_up(init_t *init)
{
    rc_admin_t *admin = init->admin;
    rc_db_t *db;

    RC_TRY(make_places(init));
    if (!init->user.key)
        RC_TRY(rc_key_generate(&init->user.key, admin->pool));
    RC_TRY(rc_password_hash(&init->user.password_hash, NULL, init->password, admin->pool));
    RC_TRY(rc_data_create(&admin->env, &db, &admin->config, init->public_access, &init->user,
                          admin->pool));
    rc_actor_local(&admin->actor, admin->env, admin->pool);
    admin->actor.db = db;
    return NULL;
}

/* Runs the scan and prints to standard error: only the key is printed to standard output. */
static rc_err_t *first_scan(rc_admin_t *admin)
{
    apr_array_header_t *added, *skipped;
    int i;

    RC_TRY(rc_scan_add(&added, &skipped, &admin->actor));
    if (!added->nelts)
        fputs("Initial repository scan: no repositories found.\n", stderr);
    else
        fputs("Initial repository scan: added following repositories:\n", stderr);
    for (i = 0; i < added->nelts; i++)
        fprintf(stderr, "%s\n", APR_ARRAY_IDX(added, i, const char *));
    return NULL;
}

static void tell_access(const init_t *init)
{
    fputs(init->public_access ? "Anonymous access is on: visitors read every public repository; "
                                "`rcapi-admin anonymous off` changes that.\n"
                              : "Anonymous access is off: visitors need a key; `rcapi-admin "
                                "anonymous on` changes that.\n",
          stderr);
}

int rc_admin_init(rc_admin_t *admin)
{
    init_t init = {.admin = admin};
    rc_err_t *err;

    if (!read_init_options(&init))
        return RC_ADMIN_USAGE;
    if ((err = set_up(&init)) || (err = first_scan(admin)))
        return rc_admin_result(admin, err);
    tell_access(&init);
    if (!geteuid())
        fputs("All files belong to root: change their owner to the account of httpd's children.\n",
              stderr);
    printf("%s\n", init.user.key);
    return RC_ADMIN_OK;
}
