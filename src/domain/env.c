// SPDX-License-Identifier: Apache-2.0
/*
 * Opens everything that a serving process needs, in the right order.
 */
#include "domain/env.h"
#include "root.h"

#include <errno.h>
#include <sys/stat.h>

#include <apr_strings.h>
#include <apr_version.h>
#include <apu_version.h>

#include "base/cache.h"
#include "base/fs.h"
#include "base/kept.h"
#include "base/metrics.h"
#include "domain/disk_transaction.h"
#include "domain/journal.h"
#include "domain/secret.h"
#include "base/versions.h"
#include "store/texts.h"

#define CHECKING                                                                                   \
    "Too many passwords are checked at once; try again in a moment" /* text of an error page */
#define BUSY     "Too much is being made at once; try again in a moment"
#define VISITING "Too much is being made for visitors at once; log in, or try again in a moment"

#define PASSWORD_LIFE apr_time_from_sec(300) /* in the memory of passwords that were right */
#define CLONING       "Too many clones, fetches and pushes run at once; try again in a moment"

#define LIST_WAIT                                                                                  \
    apr_time_from_sec(30) /* for a connection: others before may take a second each                \
                           */

#define CACHE_WAIT apr_time_from_sec(60) /* for another request that makes the same file */

/* An answer reads more bytes of contents than it has: both sides of a diff and the candidates of
 * renames; all files for the checksums of a listing. */
#define READ_PER_BYTE 8
#define ENTRIES       1000000 /* files and directories of one answer */

void rc_env_defaults(rc_env_config_t *config)
{
    static const char *schemes[] = {"http", "https", "git", "ssh"};
    static apr_array_header_t scheme_list = {NULL, sizeof(*schemes), 4, 4, (char *)schemes};

    *config = (rc_env_config_t){
        .db = {.texts = &rc_store_texts,
               .synchronous = "FULL",
               .timeout = apr_time_from_sec(5),
               .min = 1,
               .max = 32},
        .temp_dir = "/tmp",
        .temp_max = (apr_off_t)8 << 30,
        .site_title = "",
        .reveal_keys = true,
        .expensive_max = 2,
        .visitors_max = 1,
        .clone_max = 2,
        .password_max = 1,
        .waiting_max = 1,
        .remote_max = 4,
        .remote_user_max = 2,
        .archive_cache_size = (apr_off_t)1024 * 1024 * 1024,
        .range_bytes = (apr_off_t)1024 * 1024 * 1024,
        .range_time = apr_time_from_sec(60),
        .vcs_idle = 64,
        .maintenance = true,
        .tasks_max = 2,
        .webhooks = true,
        .webhook_retry = apr_time_from_sec(60),
        .webhook_timeout = apr_time_from_sec(10),
        .repair = true,
        .serves = true,
        .remote = {.schemes = &scheme_list,
                   .timeout = apr_time_from_sec(600),
                   .max_size = (apr_off_t)2 * 1024 * 1024 * 1024},
    };
}

static rc_err_t *make_dir(const char *path, apr_pool_t *pool)
{
    return mkdir(path, 0700) && errno != EEXIST ? rc_fs_err(pool, "create", path) : NULL;
}

static rc_err_t *make_work_dir(rc_env_t *env, apr_pool_t *pool)
{
    env->work_dir = apr_pstrcat(pool, env->config->repo_root, "/.rc_tmp", NULL);
    env->places_dir = apr_pstrcat(pool, env->work_dir, "/.places", NULL);
    env->waiting_file = apr_pstrcat(pool, env->places_dir, "/waiting", NULL);
    RC_TRY(make_dir(env->work_dir, pool));
    return make_dir(env->places_dir, pool);
}

/* Limit of threads that wait for a password check: 8 per check, at most half of waiting_max. */
static int password_waiters(const rc_env_config_t *config)
{
    int each = 8 * config->password_max, half = (config->waiting_max + 1) / 2;

    return each < half ? each : half;
}

/* Checks the root and the secret, and stores what a former process has left to be stored. */
static rc_err_t *start_database(const rc_env_t *env, apr_pool_t *pool)
{
    apr_pool_t *sub; /* its end releases the connection */
    rc_err_t *err;
    rc_db_t *db;

    apr_pool_create(&sub, pool);
    err = rc_db_acquire(&db, env->db_pool, sub);
    if (!err) {
        if (env->config->serves)
            err = rc_db_locks_check(env->locks, db, sub);
        if (!err)
            rc_journal_settle(db, false, sub);
        if (!err && env->config->serves)
            err = rc_root_check(env, db, sub);
        rc_db_release(db);
    }
    if (!err)
        err = rc_sealed_start(env, sub);
    if (err)
        err = rc_err_internal(pool, err->cause, "%s", rc_err_log_text(err, pool));
    apr_pool_destroy(sub);
    return err;
}

/* Long lists have connections of their own, so that single calls never wait for them. */
static rc_err_t *make_connections(rc_env_t *env, const rc_db_config_t *config, apr_pool_t *pool)
{
    rc_db_config_t lists = *config;

    lists.min = 0;
    lists.remember = 0; /* what is in such a list is not asked for often */
    lists.max = (config->max + 1) / 2;
    lists.timeout = LIST_WAIT;
    RC_TRY(rc_db_locks_open(&env->locks, config, pool));
    RC_TRY(rc_db_pool_create(&env->db_pool, config, pool));
    return rc_db_pool_create(&env->list_pool, &lists, pool);
}

static void measure_limits(const rc_env_t *env)
{
    rc_limit_measure(env->expensive, RC_GAUGE_EXPENSIVE);
    rc_limit_measure(env->visitors, RC_GAUGE_VISITORS);
    rc_limit_measure(env->clones, RC_GAUGE_CLONES);
    rc_limit_measure(env->exchanges, RC_GAUGE_EXCHANGES);
    rc_limit_measure(env->passwords.working, RC_GAUGE_PASSWORDS);
    rc_limit_measure(env->passwords.waiting, RC_GAUGE_LOGINS);
    rc_limit_measure(env->remotes, RC_GAUGE_REMOTES);
    rc_limit_measure(env->waiting, RC_GAUGE_WAITING);
}

rc_err_t *rc_env_open(rc_env_t **out, const rc_env_config_t *config, apr_pool_t *pool)
{
    rc_env_t *env = apr_pcalloc(pool, sizeof(*env));
    rc_env_config_t *own = apr_pmemdup(pool, config, sizeof(*config));
    rc_secret_t *secret;
    const char *spill;

    rc_version_add("APR", apr_version_string());
    rc_version_add("apr-util", apu_version_string());
    rc_version_add("mod_rcapi", RCAPI_VERSION);
    env->config = own;
    rc_spool_set_total(config->temp_max);
    RC_TRY(rc_secret_load(&secret, config->secret_file, pool));
    env->secret = secret;
    RC_TRY(make_work_dir(env, pool));
    if (config->serves)
        RC_TRY(rc_root_note(env, pool));
    own->remote.work_dir = env->work_dir;
    own->remote.forbidden = own->repo_root;
    rc_db_startup();
    RC_TRY(rc_vcs_startup(pool));
    RC_TRY(make_connections(env, &own->db, pool));
    if ((spill = rc_db_spill_path(&own->db, pool)))
        RC_TRY(rc_spill_open(&env->spill, spill, pool));
    RC_TRY(rc_vcs_pool_create(&env->vcs_pool, config->vcs_idle, pool));
    RC_TRY(rc_lru_create(&env->feeds, RC_KEPT_FEEDS, pool));
    env->expensive = rc_limit_create(config->expensive_max, BUSY, pool);
    env->visitors = rc_limit_create(config->visitors_max, VISITING, pool);
    env->clones = rc_limit_create(config->clone_max, CLONING, pool);
    env->exchanges = rc_limit_create(4 * (apr_int64_t)config->clone_max, CLONING, pool);
    env->passwords.working = rc_limit_create(config->password_max, CHECKING, pool);
    env->passwords.waiting = rc_limit_create(password_waiters(config), CHECKING, pool);
    RC_TRY(rc_password_memory_create(&env->passwords.memory, PASSWORD_LIFE, pool));
    env->remotes = rc_limit_create(config->remote_max, BUSY, pool);
    env->waiting = rc_limit_create(config->waiting_max, BUSY, pool);
    measure_limits(env);
    env->cache =
        (rc_cache_t){config->archive_cache, config->archive_cache_size, CACHE_WAIT, env->waiting};
    if (config->repair) {
        rc_cache_begin(&env->cache, pool);
        RC_TRY(rc_disk_txn_recover(env, pool));
        RC_TRY(start_database(env, pool));
    }
    *out = env;
    return NULL;
}

void rc_env_work_begin(rc_work_t *work, const rc_env_t *env, bool (*gone)(void *baton), void *baton,
                       apr_pool_t *pool)
{
    rc_work_begin(work, pool);
    rc_work_set_time(work, env->config->range_time);
    if (env->config->range_bytes && env->config->range_bytes < APR_INT64_MAX / READ_PER_BYTE)
        work->bytes = READ_PER_BYTE * env->config->range_bytes;
    work->entries = ENTRIES;
    work->expensive = env->expensive;
    work->gone = gone;
    work->baton = baton;
}

const char *rc_env_repo_path(const rc_env_t *env, const char *name, apr_pool_t *pool)
{
    return apr_pstrcat(pool, env->config->repo_root, "/", name, NULL);
}
