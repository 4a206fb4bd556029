// SPDX-License-Identifier: Apache-2.0
/*
 * Creates, repairs and copies the data of an installation. check.c checks it.
 */
#include "domain/data.h"

#include <string.h>

#include <apr_strings.h>

#include "check.h"
#include "domain/disk_transaction.h"
#include "store/journal.h"
#include "store/setting.h"

/* Server settings of contract 04 §6, duty 3. */
static const char *const settings[][2] = {
    {"default_repo_enable_locking", "False"},
    {"default_repo_enable_downloads", "False"},
    {"default_repo_enable_statistics", "False"},
    {"default_repo_private", "False"},
    {"default_repo_type", "git"},
    {"title", ""},
    {"repository_fields", "False"},
};

const char *rc_data_preset(const char *name)
{
    apr_size_t i;

    for (i = 0; i < sizeof(settings) / sizeof(*settings); i++)
        if (!strcmp(settings[i][0], name))
            return settings[i][1];
    return NULL;
}

/* What the transactions below set up. */
typedef struct setup_t {
    const rc_env_t *env;
    const rc_new_user_t *admin; /* to create */
    bool anonymous;             /* a new default user is active */
    apr_pool_t *pool;
} setup_t;

static rc_err_t *fill_database(void *baton, rc_db_t *db)
{
    const setup_t *setup = baton;
    const rc_secret_t *secret = rc_key_secret(setup->env);
    rc_user_t *user;
    apr_size_t i;

    for (i = 0; i < sizeof(settings) / sizeof(*settings); i++)
        RC_TRY(rc_store_setting_set(db, settings[i][0], settings[i][1]));
    RC_TRY(rc_default_user_setup(db, secret, setup->anonymous, setup->pool));
    return rc_user_insert(&user, db, secret, setup->admin, setup->pool);
}

static rc_err_t *make_database(rc_env_t **env, rc_db_t **db, const rc_env_config_t *config,
                               setup_t *setup)
{
    rc_env_config_t creating = *config;

    creating.db.create = true;
    RC_TRY(rc_env_open(env, &creating, setup->pool));
    RC_TRY(rc_db_acquire(db, (*env)->db_pool, setup->pool));
    setup->env = *env;
    return rc_db_txn(*db, fill_database, setup);
}

rc_err_t *rc_data_create(rc_env_t **env, rc_db_t **db, const rc_env_config_t *config,
                         bool anonymous, const rc_new_user_t *admin, apr_pool_t *pool)
{
    setup_t setup = {.admin = admin, .anonymous = anonymous};
    rc_err_t *err, *lost;
    const char *why;

    RC_TRY(rc_db_set_aside(&config->db, pool));
    apr_pool_create(&setup.pool, pool);
    if (!(err = make_database(env, db, config, &setup)))
        return rc_db_forget_aside(&config->db, pool);
    why = apr_pstrdup(pool, err->msg ? err->msg : rc_err_log_text(err, pool));
    err = rc_err(pool, err->kind, "%s", why);
    apr_pool_destroy(setup.pool); /* closes the connections */
    if ((lost = rc_db_bring_back(&config->db, pool)))
        return rc_err(pool, err->kind, "%s; %s", why, rc_err_log_text(lost, pool));
    return err;
}

/* Opens both databases, for the life of @a pool, and copies. */
static rc_err_t *copy_database(apr_array_header_t **tables, const rc_db_config_t *target,
                               const rc_db_config_t *source, apr_pool_t *result, apr_pool_t *pool)
{
    rc_db_t *from, *to;

    RC_TRY(rc_db_open(&from, source, pool));
    RC_TRY(rc_store_journal_settle(from, true)); /* the file of waiting entries stays behind */
    RC_TRY(rc_db_open(&to, target, pool));
    return rc_db_copy(tables, to, from, result);
}

rc_err_t *rc_data_migrate(apr_array_header_t **tables, const rc_db_config_t *target,
                          const rc_db_config_t *source, apr_pool_t *pool)
{
    rc_db_config_t creating = *target, leaving = *source;
    const char *path;
    apr_pool_t *sub;
    rc_err_t *err;
    bool existed;

    rc_db_startup();
    RC_TRY(rc_db_find(&path, source, pool));
    existed = rc_db_exists(target, pool);
    creating.create = true;
    leaving.alone = true; /* a server would go on with it, and all that it changes would be lost */
    apr_pool_create(&sub, pool);
    err = rc_err_copy(copy_database(tables, &creating, &leaving, pool, sub), pool);
    apr_pool_destroy(sub); /* closes the connections */
    if (err && !existed && !rc_db_set_aside(target, pool))
        rc_db_forget_aside(target, pool);
    return err;
}

static rc_err_t *complete_default_user(void *baton, rc_db_t *db)
{
    const setup_t *setup = baton;

    return rc_default_user_setup(db, rc_key_secret(setup->env), setup->anonymous, setup->pool);
}

rc_err_t *rc_data_repair(rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    setup_t setup = {.env = env, .anonymous = false, .pool = pool};

    RC_TRY(rc_disk_txn_recover(env, pool));
    RC_TRY(rc_db_txn(db, complete_default_user, &setup));
    return rc_check_mend(env, db, pool);
}

rc_err_t *rc_data_copy(const char **path, rc_env_t *env, rc_db_t *db, apr_pool_t *pool)
{
    const char *work;

    RC_TRY(rc_work_dir(&work, env, pool));
    *path = apr_pstrcat(pool, work, "/backup", NULL);
    return rc_db_backup(db, *path);
}
