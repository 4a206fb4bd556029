// SPDX-License-Identifier: Apache-2.0
/*
 * Opens an environment on a database with the default user (anonymous access is on) and a
 * super-admin called admin.
 */
#ifndef RC_UNIT_ENV_FIXTURE_H
#define RC_UNIT_ENV_FIXTURE_H

#include "unit.h"

#include "domain/user.h"

#define UNUSED __attribute__((unused)) /* by one of the tests */

static rc_env_t *env;

static rc_err_t *env_fill(void *baton, rc_db_t *in)
{
    rc_new_user_t admin = {.username = "admin", .active = true, .admin = true};
    rc_user_t *user;

    (void)baton;
    RC_TRY(rc_default_user_setup(in, env->secret, true, pool));
    return rc_user_insert(&user, in, env->secret, &admin, pool);
}

/* Returns settings with all files in unit_dir. */
static rc_env_config_t env_settings(void)
{
    rc_env_config_t config;

    rc_env_defaults(&config);
    config.db.path = in_dir("db");
    config.db.create = true;
    config.repo_root = unit_dir;
    config.secret_file = in_dir("secret");
    return config;
}

static int env_open(const rc_env_config_t *config)
{
    rc_db_t *db;

    if (rc_secret_create(config->secret_file, pool) || rc_env_open(&env, config, pool) ||
        rc_db_acquire(&db, env->db_pool, pool) || rc_db_txn(db, env_fill, NULL))
        return -1;
    rc_db_release(db);
    return 0;
}

static UNUSED int env_begin(void **state)
{
    rc_env_config_t config;

    if (unit_begin(state))
        return -1;
    config = env_settings();
    return env_open(&config);
}

#endif
