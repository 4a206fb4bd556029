// SPDX-License-Identifier: Apache-2.0
/*
 * Checks that the secret file is the one that the database was encrypted with, and replaces it by a
 * new secret.
 */
#ifndef RC_DOMAIN_SECRET_H
#define RC_DOMAIN_SECRET_H

#include "domain/env.h"
#include "store/journal.h"

typedef struct rc_rotation_t {
    int resealed;   /* keys, remote URIs, webhooks and tasks that are now encrypted with the new one
                     */
    int unreadable; /* those that no secret in the file opens; they are left unchanged */
} rc_rotation_t;

/**
 * Makes a new secret and encrypts everything with it, while servers run. If the process is killed
 * at any point, all keys stay readable, and the next rotation completes this one. Returns
 * RC_E_CONFLICT when another rotation runs. @a actor: for the journal, or NULL.
 */
rc_err_t *rc_sealed_rotate(rc_rotation_t *done, const rc_env_t *env, rc_db_t *db,
                           const rc_journal_actor_t *actor, apr_pool_t *pool);

/** Sets *@a fits to whether the database was encrypted with the secret file. */
rc_err_t *rc_sealed_check(bool *fits, const rc_env_t *env, rc_db_t *db, apr_pool_t *pool);

/** Runs when a process starts: logs an error when the secret does not fit, and stores its
 * fingerprint in a database that has none. */
rc_err_t *rc_sealed_start(const rc_env_t *env, apr_pool_t *pool);

#endif
