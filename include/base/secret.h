// SPDX-License-Identifier: Apache-2.0
/*
 * Encrypts API keys and other values of the database with a secret from a file. A key is looked up
 * by its SHA-256; its clear text is stored only encrypted (AES-256-GCM, bound to its owner). The
 * secret file has mode 0600 and lies outside the database (05 OPEN-1).
 */
#ifndef RC_BASE_SECRET_H
#define RC_BASE_SECRET_H

#include <stdbool.h>

#include "base/err.h"

#define RC_DIGEST_SIZE 32

typedef struct rc_secret_t rc_secret_t;

/** Creates the secret file @a path (mode 0600) with random content; it must not exist. */
rc_err_t *rc_secret_create(const char *path, apr_pool_t *pool);

/** Reads the secret into @a pool; rejects a file that group or others may access. */
rc_err_t *rc_secret_load(rc_secret_t **out, const char *path, apr_pool_t *pool);

/** Starts a rotation: puts a new secret before the one in the file. From then on the new one seals
 * and both unseal, in all processes. Does nothing when a rotation has begun and not ended. */
rc_err_t *rc_secret_rotation_begin(const rc_secret_t *secret, apr_pool_t *pool);

/** Ends a rotation: removes the former secret from the file. To be called when no value is sealed
 * with it any more. */
rc_err_t *rc_secret_rotation_end(const rc_secret_t *secret, apr_pool_t *pool);

/** Returns a text that identifies the secret and does not reveal it, in @a pool. */
const char *rc_secret_fingerprint(const rc_secret_t *secret, apr_pool_t *pool);

/** Returns whether @a fingerprint is that of a secret in the file. */
bool rc_secret_has(const rc_secret_t *secret, const char *fingerprint, apr_pool_t *pool);

/** Encrypts @a text, bound to @a context (required to unseal). Result in @a pool. */
rc_err_t *rc_secret_seal(const void **sealed, int *len, const rc_secret_t *secret, const char *text,
                         const char *context, apr_pool_t *pool);

/** Decrypts a sealed text into @a pool; RC_E_INTERNAL when it was altered or the context differs.
 */
rc_err_t *rc_secret_unseal(const char **text, const rc_secret_t *secret, const void *sealed,
                           int len, const char *context, apr_pool_t *pool);

/** Computes the SHA-256 of @a key. */
void rc_key_digest(unsigned char digest[RC_DIGEST_SIZE], const char *key);

/** Frees the code of OpenSSL's that is kept when @a pool ends: that of the configuration, since
 * httpd unloads the module with it at each restart, or that of a child, which ends before OpenSSL
 * does. */
void rc_secret_end_with(apr_pool_t *pool);

/** Returns the HMAC-SHA256 of @a data with @a key as hexadecimal digits, in @a pool. */
const char *rc_key_hmac(const char *key, const void *data, apr_size_t len, apr_pool_t *pool);

/** Generates a key: 160 random bits as 40 hex digits, in @a pool. */
rc_err_t *rc_key_generate(const char **key, apr_pool_t *pool);

/** Generates @a len random characters out of @a alphabet, in @a pool. */
rc_err_t *rc_random_text(const char **text, const char *alphabet, int len, apr_pool_t *pool);

#endif
