// SPDX-License-Identifier: Apache-2.0
/*
 * Keys, and the secret they are sealed with. A key is looked up by its SHA-256; its clear value
 * is kept only encrypted (AES-256-GCM, bound to its owner), under a secret in a file of mode 0600
 * outside the database (contract 05, OPEN-1).
 */
#ifndef RC_BASE_SECRET_H
#define RC_BASE_SECRET_H

#include <stdbool.h>

#include "base/err.h"

#define RC_DIGEST_SIZE 32

typedef struct rc_secret_t rc_secret_t;

/** Makes a new secret file (mode 0600) with random content; it must not exist. */
rc_err_t *rc_secret_create(const char *path, apr_pool_t *pool);

/** Reads the secret; refuses a file that group or others may read. Lives in @a pool. */
rc_err_t *rc_secret_load(rc_secret_t **out, const char *path, apr_pool_t *pool);

/** Puts a new secret in front of the one in the file; from here on the new one seals, and both
 * unseal, in all processes. Where that was done before and not ended, nothing changes. */
rc_err_t *rc_secret_rotation_begin(const rc_secret_t *secret, apr_pool_t *pool);

/** When nothing is sealed with the former secret any more: takes it out of the file. */
rc_err_t *rc_secret_rotation_end(const rc_secret_t *secret, apr_pool_t *pool);

/** Tells one secret from another, and nothing of what it is. */
const char *rc_secret_fingerprint(const rc_secret_t *secret, apr_pool_t *pool);

/** Is @a fingerprint that of a secret in the file? */
bool rc_secret_has(const rc_secret_t *secret, const char *fingerprint, apr_pool_t *pool);

/** Encrypts @a text, bound to @a context (the same is needed to unseal). Result in @a pool. */
rc_err_t *rc_secret_seal(const void **sealed, int *len, const rc_secret_t *secret, const char *text,
                         const char *context, apr_pool_t *pool);

/** The text that was sealed; an error when anything was altered. Result in @a pool. */
rc_err_t *rc_secret_unseal(const char **text, const rc_secret_t *secret, const void *sealed,
                           int len, const char *context, apr_pool_t *pool);

/** SHA-256 of @a key. */
void rc_key_digest(unsigned char digest[RC_DIGEST_SIZE], const char *key);

/** A new key: 160 random bits as 40 hex digits, in @a pool. */
rc_err_t *rc_key_generate(const char **key, apr_pool_t *pool);

/** @a len random characters out of @a alphabet, in @a pool. */
rc_err_t *rc_random_text(const char **text, const char *alphabet, int len, apr_pool_t *pool);

#endif
