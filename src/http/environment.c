// SPDX-License-Identifier: Apache-2.0
/*
 * Opens the environments (database, repositories, secret) of each child process, one for each
 * distinct set of settings, under the account of httpd's children. When one cannot be opened, its
 * requests are refused; a later request retries after a few seconds.
 */
#include "beside.h"
#include "measure.h"

#include <http_core.h>
#include <mpm_common.h>

#include <malloc.h>
#include <signal.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "base/kept.h"
#include "base/metrics.h"
#include "base/secret.h"
#include "base/time.h"
#include "domain/maintenance.h"
#include "domain/pull_request.h"
#include "domain/tidy.h"
#include "base/versions.h"

#define RETRY_AFTER apr_time_from_sec(3)

#define DEFAULT_MAX_FREE (2048 * 1024) /* httpd's MaxMemFree, when nothing sets it */

struct rc_slot_t {
    rc_env_config_t config;
    /* the members below belong to this process */
    apr_pool_t *pool;
    apr_thread_mutex_t *lock; /* held by the thread that opens; guards `tried` */
    apr_time_t tried;
    rc_env_t *env; /* set once, when complete; read without the lock */
};

/* Only post_config writes it. */
static apr_array_header_t *slots; /* of rc_slot_t * */

static rc_slot_t *slot_for(const server_rec *s, apr_pool_t *pconf)
{
    rc_slot_t *slot = apr_pcalloc(pconf, sizeof(*slot)), *other;
    int i;

    rc_http_resolve(&slot->config, s, pconf);
    for (i = 0; i < slots->nelts; i++) {
        other = APR_ARRAY_IDX(slots, i, rc_slot_t *);
        if (rc_http_same_settings(&other->config, &slot->config, RC_GROUP_SERVER))
            return other;
    }
    APR_ARRAY_PUSH(slots, rc_slot_t *) = slot;
    return slot;
}

/*
 * Each connection has an allocator, which keeps freed memory for the next request: httpd's default
 * of 2 MiB is as much as a large answer takes, in as many connections as there are threads.
 */
static void bound_requests(void)
{
    if (rc_http_in_use() && ap_max_mem_free == DEFAULT_MAX_FREE)
        ap_max_mem_free = RC_KEPT_REQUEST;
}

int rc_http_post_config(apr_pool_t *pconf, apr_pool_t *plog, apr_pool_t *ptemp, server_rec *s)
{
    server_rec *other;
    int i;

    (void)plog;
    if (ap_state_query(AP_SQ_MAIN_STATE) == AP_SQ_MS_CREATE_PRE_CONFIG)
        return OK;
    ap_add_version_component(pconf, "mod_rcapi/" RCAPI_VERSION);
    rc_http_warn(s, ptemp);
    rc_http_measure_open(s);
    slots = apr_array_make(pconf, 1, sizeof(rc_slot_t *));
    for (other = s; other; other = other->next) {
        rc_server_conf_t *conf = rc_http_server_conf(other);

        conf->slot = rc_http_is_mounted(conf) ? slot_for(other, pconf) : NULL;
    }
    bound_requests();
    for (i = 0; i < slots->nelts; i++) {
        const rc_env_config_t *config = &APR_ARRAY_IDX(slots, i, rc_slot_t *)->config;

        rc_http_sender_start(config, s, pconf);
        rc_http_tasks_start(config, s, pconf);
    }
    return OK;
}

bool rc_http_in_use(void)
{
    return slots && slots->nelts;
}

static void try_to_open(rc_slot_t *slot)
{
    apr_pool_t *pool;
    rc_env_t *env;
    rc_err_t *err;

    slot->tried = rc_clock();
    apr_pool_create(&pool, slot->pool);
    apr_pool_tag(pool, "rcapi environment");
    err = rc_env_open(&env, &slot->config, pool);
    if (!err && slot->config.maintenance)
        err = rc_maintenance_open(env, pool);
    if (!err)
        err = rc_tidy_open(env, pool);
    if (!err)
        rc_pull_recover(env, pool);
    if (!err) {
        rc_http_dav_warn(env, pool);
        __atomic_store_n(&slot->env, env, __ATOMIC_RELEASE);
        return;
    }
    ap_log_error(APLOG_MARK, APLOG_ERR, err->cause, ap_server_conf,
                 RCLOGNO(0010) "cannot serve the API: %s", rc_err_log_text(err, pool));
    apr_pool_destroy(pool);
}

/* Creates a pool whose allocator has a lock, because threads create child pools at the same time.
 */
static apr_pool_t *shared_pool(apr_pool_t *pchild)
{
    apr_allocator_t *allocator;
    apr_thread_mutex_t *mutex;
    apr_pool_t *pool;

    apr_allocator_create(&allocator);
    apr_pool_create_ex(&pool, pchild, NULL, allocator);
    apr_pool_tag(pool, "rcapi process");
    apr_allocator_owner_set(allocator, pool);
    apr_thread_mutex_create(&mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    apr_allocator_mutex_set(allocator, mutex);
    return pool;
}

/*
 * With prefork, a hard stop runs the cleanups of the child's pool inside a signal handler, perhaps
 * in the middle of malloc or of a library, where no cleanup is safe. So while a request of this
 * module runs, the child exits at once: the kernel closes its files, and unfinished changes are
 * recovered as after any crash (src/domain/disk_transaction.c).
 */
static volatile sig_atomic_t at_work; /* number of nested requests; prefork only */
static bool forked;

static apr_status_t end_at_once(void *unused)
{
    (void)unused;
    if (at_work)
        _exit(0);
    return APR_SUCCESS;
}

static apr_status_t work_is_done(void *unused)
{
    (void)unused;
    at_work--;
    return APR_SUCCESS;
}

void rc_http_at_work(apr_pool_t *pool)
{
    if (!forked)
        return;
    at_work++;
    apr_pool_cleanup_register(pool, NULL, work_is_done, apr_pool_cleanup_null);
}

static void watch_work(apr_pool_t *pchild)
{
    int threads = AP_MPMQ_NOT_SUPPORTED;

    ap_mpm_query(AP_MPMQ_IS_THREADED, &threads);
    forked = threads == AP_MPMQ_NOT_SUPPORTED;
    if (forked)
        apr_pool_pre_cleanup_register(pchild, NULL, end_at_once);
}

/*
 * Limits the memory that malloc keeps. Each arena keeps as much as the largest list in it needed,
 * and the default of eight arenas per processor is far more than can work at once. Large blocks
 * (files, compressors) shall be mapped on their own and returned to the system when freed: without
 * a fixed threshold, glibc raises it after the first such block and keeps the next ones.
 */
static void bound_memory(void)
{
    long processors = sysconf(_SC_NPROCESSORS_ONLN);

    mallopt(M_ARENA_MAX, processors > 1 ? (int)processors : 2);
    mallopt(M_MMAP_THRESHOLD, 1 << 20);
    mallopt(M_TRIM_THRESHOLD, 2 << 20);
}

void rc_http_child_init(apr_pool_t *pchild, server_rec *s)
{
    int i;

    (void)s;
    rc_secret_end_with(pchild);
    watch_work(pchild);
    rc_metrics_begin();
    bound_memory();
    at_work++;
    rc_http_log_open();
    rc_http_veil_open();
    rc_version_add("httpd", AP_SERVER_BASEREVISION);
    for (i = 0; rc_http_in_use() && i < slots->nelts; i++) {
        rc_slot_t *slot = APR_ARRAY_IDX(slots, i, rc_slot_t *);

        slot->pool = shared_pool(pchild);
        apr_thread_mutex_create(&slot->lock, APR_THREAD_MUTEX_DEFAULT, slot->pool);
        try_to_open(slot);
    }
    rc_kept_trim(); /* what the libraries needed to start */
    at_work--;
}

rc_env_t *rc_http_env(const request_rec *r)
{
    rc_slot_t *slot = rc_http_server_conf(r->server)->slot;
    rc_env_t *env;

    if (!slot || !slot->lock)
        return NULL;
    env = __atomic_load_n(&slot->env, __ATOMIC_ACQUIRE);
    if (env || apr_thread_mutex_trylock(slot->lock) != APR_SUCCESS)
        return env;
    if (!slot->env && rc_clock() - slot->tried > RETRY_AFTER)
        try_to_open(slot);
    env = slot->env;
    apr_thread_mutex_unlock(slot->lock);
    return env;
}
