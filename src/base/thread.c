// SPDX-License-Identifier: Apache-2.0
/*
 * Starts threads that block all signals but those of their own faults, and ends them.
 */
#include "base/thread.h"

#include <pthread.h>
#include <signal.h>

apr_status_t rc_thread_start(apr_thread_t **thread, apr_thread_start_t run, void *baton,
                             apr_pool_t *pool)
{
    sigset_t blocked, before;
    apr_status_t rv;

    sigfillset(&blocked);
    sigdelset(&blocked, SIGSEGV);
    sigdelset(&blocked, SIGBUS);
    sigdelset(&blocked, SIGFPE);
    sigdelset(&blocked, SIGILL);
    pthread_sigmask(SIG_SETMASK, &blocked, &before);
    rv = apr_thread_create(thread, NULL, run, baton, pool);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    return rv;
}

void rc_thread_end(apr_thread_t *const *thread, bool *stop, apr_thread_mutex_t *mutex,
                   apr_thread_cond_t *changed)
{
    apr_status_t unused;

    apr_thread_mutex_lock(mutex);
    *stop = true;
    apr_thread_cond_signal(changed);
    apr_thread_mutex_unlock(mutex);
    if (*thread)
        apr_thread_join(&unused, *thread);
}
