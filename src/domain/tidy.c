// SPDX-License-Identifier: Apache-2.0
/*
 * Tidies a process each second, from its first request until some seconds after the last. httpd has
 * timers, too, but only event has them, and it forgets them while no connection stirs.
 */
#include "domain/tidy.h"

#include <apr_thread_cond.h>

#include "base/kept.h"
#include "base/log.h"
#include "base/thread.h"

#define EVERY apr_time_from_sec(1)
#define TIMES 7 /* after the last request: by then its handles are idle, and memory was trimmed */

typedef struct rc_tidy_t {
    rc_env_t *env;
    apr_pool_t *pool; /* the thread's */
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *changed;
    apr_thread_t *thread; /* guarded by the mutex, as is stop; NULL before the first request */
    bool stop;
    int left; /* atomic: how often it is to be done yet; it leaves 0 with the mutex held */
} rc_tidy_t;

/* The mutex is held, but not while the process is tidied. */
static void do_once(rc_tidy_t *tidy)
{
    __atomic_sub_fetch(&tidy->left, 1, __ATOMIC_RELAXED);
    apr_thread_mutex_unlock(tidy->mutex);
    rc_vcs_pool_sweep(tidy->env->vcs_pool);
    rc_kept_trim();
    apr_thread_mutex_lock(tidy->mutex);
}

static void *APR_THREAD_FUNC keep_tidy(apr_thread_t *thread, void *baton)
{
    rc_tidy_t *tidy = baton;

    (void)thread;
    apr_thread_mutex_lock(tidy->mutex);
    while (!tidy->stop) {
        if (!__atomic_load_n(&tidy->left, __ATOMIC_RELAXED))
            apr_thread_cond_wait(tidy->changed, tidy->mutex);
        else if (apr_thread_cond_timedwait(tidy->changed, tidy->mutex, EVERY))
            do_once(tidy);
    }
    apr_thread_mutex_unlock(tidy->mutex);
    return NULL;
}

static void wake(rc_tidy_t *tidy)
{
    apr_status_t rv = APR_SUCCESS;

    apr_thread_mutex_lock(tidy->mutex);
    if (!tidy->thread && !tidy->stop)
        rv = rc_thread_start(&tidy->thread, keep_tidy, tidy, tidy->pool);
    if (rv) {
        tidy->thread = NULL;
        rc_log(RC_LOG_WARNING, rv, "cannot start the thread that returns memory");
    }
    apr_thread_cond_signal(tidy->changed);
    apr_thread_mutex_unlock(tidy->mutex);
}

void rc_tidy_later(rc_env_t *env)
{
    rc_tidy_t *tidy = env->tidy;

    if (tidy && __atomic_load_n(&tidy->left, __ATOMIC_RELAXED) != TIMES &&
        !__atomic_exchange_n(&tidy->left, TIMES, __ATOMIC_RELAXED))
        wake(tidy);
}

static apr_status_t end_tidying(void *baton)
{
    rc_tidy_t *tidy = baton;

    rc_thread_end(&tidy->thread, &tidy->stop, tidy->mutex, tidy->changed);
    return APR_SUCCESS;
}

rc_err_t *rc_tidy_open(rc_env_t *env, apr_pool_t *pool)
{
    rc_tidy_t *tidy = apr_pcalloc(pool, sizeof(*tidy));
    apr_status_t rv;

    tidy->env = env;
    apr_pool_create(&tidy->pool, pool);
    apr_pool_tag(tidy->pool, "rc_tidy");
    rv = apr_thread_mutex_create(&tidy->mutex, APR_THREAD_MUTEX_DEFAULT, pool);
    if (!rv)
        rv = apr_thread_cond_create(&tidy->changed, pool);
    if (rv)
        return rc_err_internal(pool, rv, "cannot prepare the thread that returns memory");
    apr_pool_pre_cleanup_register(pool, tidy, end_tidying);
    env->tidy = tidy;
    return NULL;
}
