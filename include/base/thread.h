// SPDX-License-Identifier: Apache-2.0
/*
 * Starts threads beside those of the server.
 */
#ifndef RC_BASE_THREAD_H
#define RC_BASE_THREAD_H

#include <apr_thread_proc.h>

/** Starts a thread that gets no signals: the server's handlers are for its own threads, and may end
 * the process. */
apr_status_t rc_thread_start(apr_thread_t **thread, apr_thread_start_t run, void *baton,
                             apr_pool_t *pool);

#endif
