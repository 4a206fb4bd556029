// SPDX-License-Identifier: Apache-2.0
#ifndef RC_DOMAIN_USER_KEYS_H
#define RC_DOMAIN_USER_KEYS_H

#include "domain/user.h"

/** Returns, in @a pool, the context that the sealed keys of a user are bound to (rc_secret_seal).
 */
const char *rc_key_context(apr_int64_t user_id, apr_pool_t *pool);

/** Stores the main key of a new user; with a NULL @a key generates one. */
rc_err_t *rc_main_key_create(const char *key, rc_db_t *db, const rc_secret_t *secret,
                             apr_int64_t user_id, apr_pool_t *pool);

/** Checks role and description of a new key and sets when it expires; @a lifetime is in minutes, or
 * RC_NEVER. Returns RC_E_FAILED with the reason. */
rc_err_t *rc_key_plan(rc_user_key_t *key, apr_int64_t lifetime, apr_pool_t *pool);

/** Generates a key, in @a pool, stores it with the properties of @a key and sets its id. */
rc_err_t *rc_key_insert(const char **clear, rc_user_key_t *key, rc_db_t *db,
                        const rc_secret_t *secret, apr_pool_t *pool);

/** Replaces the stored key with the id and the user of @a key by a new one. */
rc_err_t *rc_key_replace(const char **clear, rc_user_key_t *key, rc_db_t *db,
                         const rc_secret_t *secret, apr_pool_t *pool);

#endif
