// SPDX-License-Identifier: Apache-2.0
/*
 * Encrypts with AES-256-GCM, computes SHA-256 and generates random keys, all with libcrypto, which
 * httpd's TLS uses as well. A sealed value has a nonce of 12 bytes, a tag of 16 bytes, and the
 * encrypted text.
 */
#include "secret_state.h"

#include <pthread.h>
#include <stdbool.h>
#include <string.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/hex.h"

#define NONCE_SIZE 12
#define TAG_SIZE   16

/* OpenSSL's code of the algorithms. EVP_sha256() and EVP_aes_256_gcm() only name them: each digest
 * and each key would search for the code again, behind a lock. */
static EVP_MD *fetched_sha256; /* NULL: none, and the static one is used */
static EVP_CIPHER *fetched_aes;
static const EVP_MD *sha256;
static const EVP_CIPHER *aes_gcm;

static void take_static(void)
{
    sha256 = EVP_sha256();
    aes_gcm = EVP_aes_256_gcm();
}

static void fetch_once(void)
{
    take_static();
    if ((fetched_sha256 = EVP_MD_fetch(NULL, "SHA256", NULL)))
        sha256 = fetched_sha256;
    if ((fetched_aes = EVP_CIPHER_fetch(NULL, "AES-256-GCM", NULL)))
        aes_gcm = fetched_aes;
}

static void fetch_code(void)
{
    static pthread_once_t once = PTHREAD_ONCE_INIT;

    pthread_once(&once, fetch_once);
}

static apr_status_t free_fetched(void *unused)
{
    (void)unused;
    take_static();
    EVP_MD_free(fetched_sha256);
    EVP_CIPHER_free(fetched_aes);
    fetched_sha256 = NULL;
    fetched_aes = NULL;
    return APR_SUCCESS;
}

void rc_secret_end_with(apr_pool_t *pool)
{
    apr_pool_cleanup_register(pool, NULL, free_fetched, apr_pool_cleanup_null);
}

rc_err_t *rc_secret_seal(const void **sealed, int *len, const rc_secret_t *secret, const char *text,
                         const char *context, apr_pool_t *pool)
{
    int size = (int)strlen(text), n = 0;
    unsigned char *out = apr_palloc(pool, (apr_size_t)(NONCE_SIZE + TAG_SIZE + size));
    unsigned char *tag = out + NONCE_SIZE, *data = tag + TAG_SIZE;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    rc_secret_keys_t keys;
    bool ok;

    fetch_code();
    rc_secret_refresh(secret);
    rc_secret_keys(&keys, secret);
    ok = ctx && RAND_bytes(out, NONCE_SIZE) == 1 &&
         EVP_EncryptInit_ex(ctx, aes_gcm, NULL, keys.key[0], out) == 1 &&
         EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)context, (int)strlen(context)) ==
             1 &&
         EVP_EncryptUpdate(ctx, data, &n, (const unsigned char *)text, size) == 1 &&
         EVP_EncryptFinal_ex(ctx, data + n, &n) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, tag) == 1;

    EVP_CIPHER_CTX_free(ctx);
    *sealed = out;
    *len = NONCE_SIZE + TAG_SIZE + size;
    return ok ? NULL : rc_err_internal(pool, APR_SUCCESS, "cannot encrypt");
}

static bool open_with(unsigned char *out, const unsigned char *key, const unsigned char *in,
                      int size, const char *context)
{
    unsigned char tag[TAG_SIZE];
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    int n = 0;
    bool ok;

    fetch_code();
    memcpy(tag, in + NONCE_SIZE, TAG_SIZE);
    ok = ctx && EVP_DecryptInit_ex(ctx, aes_gcm, NULL, key, in) == 1 &&
         EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)context, (int)strlen(context)) ==
             1 &&
         EVP_DecryptUpdate(ctx, out, &n, in + NONCE_SIZE + TAG_SIZE, size) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
         EVP_DecryptFinal_ex(ctx, out + n, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    return ok;
}

static bool open_with_any(unsigned char *out, const rc_secret_keys_t *keys, const unsigned char *in,
                          int size, const char *context)
{
    int i;

    for (i = 0; i < keys->all; i++)
        if (open_with(out, keys->key[i], in, size, context))
            return true;
    return false;
}

/* Decrypts with any key of the secret. Another thread may have read the file again meanwhile. */
static bool open_sealed(unsigned char *out, const rc_secret_t *secret, const unsigned char *in,
                        int size, const char *context)
{
    rc_secret_keys_t keys;

    rc_secret_keys(&keys, secret);
    if (open_with_any(out, &keys, in, size, context))
        return true;
    rc_secret_refresh(secret);
    rc_secret_keys(&keys, secret);
    return open_with_any(out, &keys, in, size, context);
}

rc_err_t *rc_secret_unseal(const char **text, const rc_secret_t *secret, const void *sealed,
                           int len, const char *context, apr_pool_t *pool)
{
    int size = len - NONCE_SIZE - TAG_SIZE;
    unsigned char *out;

    if (size < 0)
        return rc_err_internal(pool, APR_SUCCESS, "a sealed value is too short");
    out = apr_palloc(pool, (apr_size_t)size + 1);
    if (!open_sealed(out, secret, sealed, size, context))
        return rc_err_internal(pool, APR_SUCCESS,
                               "a sealed value does not fit the secret file: was it replaced?");
    out[size] = '\0';
    *text = (const char *)out;
    return NULL;
}

void rc_key_digest(unsigned char digest[RC_DIGEST_SIZE], const char *key)
{
    fetch_code();
    EVP_Digest(key, strlen(key), digest, NULL, sha256, NULL);
}

const char *rc_key_hmac(const char *key, const void *data, apr_size_t len, apr_pool_t *pool)
{
    unsigned char digest[RC_DIGEST_SIZE];

    HMAC(EVP_sha256(), key, (int)strlen(key), data, len, digest, NULL);
    return rc_hex_text(digest, sizeof(digest), pool);
}

rc_err_t *rc_key_generate(const char **key, apr_pool_t *pool)
{
    unsigned char bytes[20];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return rc_err_internal(pool, APR_SUCCESS, "no random bytes");
    *key = rc_hex_text(bytes, sizeof(bytes), pool);
    return NULL;
}

rc_err_t *rc_random_text(const char **text, const char *alphabet, int len, apr_pool_t *pool)
{
    unsigned size = (unsigned)strlen(alphabet), limit = 256 - 256 % size;
    char *out = apr_palloc(pool, (apr_size_t)len + 1);
    int i = 0;

    while (i < len) {
        unsigned char byte;

        if (RAND_bytes(&byte, 1) != 1)
            return rc_err_internal(pool, APR_SUCCESS, "no random bytes");
        if (byte < limit) /* a larger byte would make some characters more likely */
            out[i++] = alphabet[byte % size];
    }
    out[len] = '\0';
    *text = out;
    return NULL;
}
