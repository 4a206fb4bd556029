// SPDX-License-Identifier: Apache-2.0
/*
 * Does the secret file fit the database, and how is it replaced by a new one?
 */
#ifndef RC_DOMAIN_SECRET_H
#define RC_DOMAIN_SECRET_H

#include "domain/env.h"
#include "store/journal.h"

typedef struct rc_rotation_t {
    int resealed;   /* keys and remote URIs that are encrypted with the new secret now */
    int unreadable; /* those that no secret in the file opens: they stay as they are */
} rc_rotation_t;

/**
 * Makes a new secret and encrypts everything with it, while servers run. Whatever kills it, all
 * keys stay readable, and the next rotation ends this one. @a actor: for the journal, or NULL.
 */
rc_err_t *rc_sealed_rotate(rc_rotation_t *done, const rc_env_t *env, rc_db_t *db,
                           const rc_journal_actor_t *actor, apr_pool_t *pool);

/** *@a fits: is the secret file the one that this database was encrypted with? */
rc_err_t *rc_sealed_check(bool *fits, const rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Notes in the database which secret it is encrypted with. Inside a transaction. */
rc_err_t *rc_sealed_note(const rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** When a process starts: logs that the secret does not fit; notes which it is, once. */
rc_err_t *rc_sealed_start(const rc_env_t *env, apr_pool_t *pool);

#endif
