// SPDX-License-Identifier: Apache-2.0
/*
 * A thread that tidies a process while it answers requests, and for some seconds after the last
 * one: it closes repositories that were not used just now, and returns freed memory to the system.
 */
#ifndef RC_DOMAIN_TIDY_H
#define RC_DOMAIN_TIDY_H

#include "domain/env.h"

/** Prepares it for @a env. The thread starts with the first request, and ends with @a pool, the
 * pool of @a env. */
rc_err_t *rc_tidy_open(rc_env_t *env, apr_pool_t *pool);

/** Sees to it that @a env is tidied within a second. Called after each request; it does nothing
 * when @a env has no such thread. */
void rc_tidy_later(rc_env_t *env);

#endif
