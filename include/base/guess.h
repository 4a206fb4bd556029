// SPDX-License-Identifier: Apache-2.0
/*
 * Limits how often something can be guessed, for example the password of a user: counts tries by a
 * key, in memory that all processes of the server share. Without rc_guess_open nothing is limited.
 */
#ifndef RC_BASE_GUESS_H
#define RC_BASE_GUESS_H

#include <stdbool.h>

#include "base/err.h"

#define RC_GUESS_TIME 600 /* seconds from the first try of a key until it is counted anew */

/** Creates the shared memory, which processes that fork later inherit; empties it when there is
 * one. */
rc_err_t *rc_guess_open(apr_pool_t *pool);

/** Counts a try for @a kind and @a key. Returns 0, or how many seconds to wait when there were
 * @a most tries in the last ten minutes: then this one is not counted, and must be refused. */
int rc_guess_try(const char *kind, const char *key, int most);

/** Takes back what rc_guess_try has counted: the guess was right. */
void rc_guess_right(const char *kind, const char *key);

#endif
