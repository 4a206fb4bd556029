// SPDX-License-Identifier: Apache-2.0
/*
 * Hashes and checks passwords of users with bcrypt. Both take about 50 to 100 ms of processor time
 * on purpose, so never call them inside a write transaction.
 */
#ifndef RC_BASE_PASSWORD_H
#define RC_BASE_PASSWORD_H

#include <stdbool.h>

#include "base/limit.h"

/* What this process remembers of passwords that were right (password_memory.c). Thread-safe. */
typedef struct rc_password_memory_t rc_password_memory_t;

/* Limits the concurrent bcrypt calls, so that the process keeps processors for other work, and the
 * threads that wait for one, a few seconds at most. Beyond that: RC_E_BUSY. */
typedef struct rc_password_limits_t {
    rc_limit_t *working, *waiting;
    rc_password_memory_t *memory; /* a password that it knows is not checked again; or NULL */
} rc_password_limits_t;

/** Returns the hash of @a password, with a random salt, in @a pool; NULL for an empty password,
 * which permits no login. RC_E_ARG for one with control characters, which nobody could type. @a
 * limits NULL: no limits. */
rc_err_t *rc_password_hash(const char **hash, const rc_password_limits_t *limits,
                           const char *password, apr_pool_t *pool);

/** Turns the hash of another program (bcrypt, or hexadecimal digits of SHA-256 or MD5) into one
 * that rc_password_matches knows, in @a pool. A digest is hashed again, as slowly as a password.
 * NULL for any other text, and for a bcrypt that costs too much. */
rc_err_t *rc_password_take(const char **out, const char *hash, apr_pool_t *pool);

/** True for a hash of rc_password_take: the next password that is right should replace it. */
bool rc_password_is_foreign(const char *hash);

/** Reports whether @a hash is of @a password. A NULL @a hash matches none, but takes as long. Only
 * a password that was right a short time ago takes less: see rc_password_limits_t. */
rc_err_t *rc_password_matches(bool *matches, const rc_password_limits_t *limits, const char *hash,
                              const char *password, apr_pool_t *pool);

/**
 * Returns a salted hash of @a password, in @a pool, that is checked in less than a millisecond by
 * apr_password_validate. Only for a short-lived cache in memory, never for the database.
 */
rc_err_t *rc_password_quick_hash(const char **hash, const char *password, apr_pool_t *pool);

/** Creates a memory in @a pool that forgets each password after @a life, and knows a thousand at
 * most: then the oldest ones are forgotten. */
rc_err_t *rc_password_memory_create(rc_password_memory_t **out, apr_interval_time_t life,
                                    apr_pool_t *pool);

/** Returns whether @a password was right for @a hash; another hash of the same user is unknown. */
bool rc_password_known(rc_password_memory_t *memory, const char *hash, const char *password,
                       apr_pool_t *scratch);

/** Remembers that @a password is right for @a hash. */
void rc_password_remember(rc_password_memory_t *memory, const char *hash, const char *password,
                          apr_pool_t *scratch);

#endif
