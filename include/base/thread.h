// SPDX-License-Identifier: Apache-2.0
/*
 * Starts threads beside those of the server, and ends them.
 */
#ifndef RC_BASE_THREAD_H
#define RC_BASE_THREAD_H

#include <stdbool.h>

#include <apr_thread_cond.h>
#include <apr_thread_proc.h>

/** Starts a thread that gets no signals: the server's handlers are for its own threads, and may end
 * the process. */
apr_status_t rc_thread_start(apr_thread_t **thread, apr_thread_start_t run, void *baton,
                             apr_pool_t *pool);

/** Ends a thread that waits for @a changed and looks at *@a stop, which this sets: @a mutex guards
 * both. Waits for the end. *@a thread is NULL when none has started. */
void rc_thread_end(apr_thread_t *const *thread, bool *stop, apr_thread_mutex_t *mutex,
                   apr_thread_cond_t *changed);

#endif
