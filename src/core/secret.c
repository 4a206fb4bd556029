// SPDX-License-Identifier: Apache-2.0
/*
 * Sealing by AES-256-GCM, digests by SHA-256, random keys: all by libcrypto, which httpd's TLS
 * uses as well. A sealed value is: 12 bytes nonce, 16 bytes tag, the encrypted text.
 */
#include "rc_secret.h"

#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/evp.h>
#include <openssl/rand.h>

#include <apr_strings.h>

#include "rc_fs.h"
#include "rc_own.h"
#include "rc_text.h"

#define SECRET_SIZE 32
#define NONCE_SIZE  12
#define TAG_SIZE    16

struct rc_secret_t {
    unsigned char key[SECRET_SIZE];
};

rc_err_t *rc_secret_create(const char *path, apr_pool_t *pool)
{
    unsigned char key[SECRET_SIZE];
    const char *line;
    ssize_t written;
    int fd;

    if (RAND_bytes(key, sizeof(key)) != 1)
        return rc_err_internal(pool, APR_SUCCESS, "no random bytes");
    line = apr_pstrcat(pool, rc_text_hex(key, sizeof(key), pool), "\n", NULL);
    if ((fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600)) < 0)
        return rc_fs_err(pool, "create", path);
    written = write(fd, line, strlen(line));
    if (written != (ssize_t)strlen(line) || fsync(fd)) {
        close(fd);
        return rc_fs_err(pool, "write", path);
    }
    close(fd);
    return rc_fs_sync_folder_of(path, pool);
}

static int hex_value(char c)
{
    const char *digits = "0123456789abcdef", *at = c ? strchr(digits, c) : NULL;

    return at ? (int)(at - digits) : -1;
}

static bool parse_key(unsigned char key[SECRET_SIZE], const char *text)
{
    int i;

    for (i = 0; i < SECRET_SIZE; i++) {
        int high = hex_value(text[2 * i]);
        int low = high < 0 ? -1 : hex_value(text[2 * i + 1]);

        if (low < 0)
            return false;
        key[i] = (unsigned char)(high * 16 + low);
    }
    return true;
}

rc_err_t *rc_secret_load(rc_secret_t **out, const char *path, apr_pool_t *pool)
{
    rc_secret_t *secret = apr_pcalloc(pool, sizeof(*secret));
    char text[2 * SECRET_SIZE + 1] = "";
    struct stat st;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    bool ok;

    if (fd < 0)
        return rc_fs_err(pool, "open the secret", path);
    ok = !fstat(fd, &st) && read(fd, text, sizeof(text) - 1) == (ssize_t)sizeof(text) - 1;
    close(fd);
    if (!ok || !parse_key(secret->key, text))
        return rc_err_internal(pool, APR_SUCCESS, "%s does not hold a secret", path);
    if (st.st_mode & (S_IRWXG | S_IRWXO))
        return rc_err_internal(pool, APR_SUCCESS, "%s can be read by others; its mode must be 0600",
                               path);
    *out = secret;
    return NULL;
}

rc_err_t *rc_secret_seal(const void **sealed, int *len, const rc_secret_t *secret, const char *text,
                         const char *context, apr_pool_t *pool)
{
    int size = (int)strlen(text), n = 0;
    unsigned char *out = apr_palloc(pool, (apr_size_t)(NONCE_SIZE + TAG_SIZE + size));
    unsigned char *tag = out + NONCE_SIZE, *data = tag + TAG_SIZE;
    EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
    bool ok = ctx && RAND_bytes(out, NONCE_SIZE) == 1 &&
              EVP_EncryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret->key, out) == 1 &&
              EVP_EncryptUpdate(ctx, NULL, &n, (const unsigned char *)context,
                                (int)strlen(context)) == 1 &&
              EVP_EncryptUpdate(ctx, data, &n, (const unsigned char *)text, size) == 1 &&
              EVP_EncryptFinal_ex(ctx, data + n, &n) == 1 &&
              EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_GET_TAG, TAG_SIZE, tag) == 1;

    EVP_CIPHER_CTX_free(ctx);
    *sealed = out;
    *len = NONCE_SIZE + TAG_SIZE + size;
    return ok ? NULL : rc_err_internal(pool, APR_SUCCESS, "cannot encrypt");
}

rc_err_t *rc_secret_unseal(const char **text, const rc_secret_t *secret, const void *sealed,
                           int len, const char *context, apr_pool_t *pool)
{
    const unsigned char *in = sealed, *data = in + NONCE_SIZE + TAG_SIZE;
    int size = len - NONCE_SIZE - TAG_SIZE, n = 0;
    unsigned char *out, tag[TAG_SIZE];
    EVP_CIPHER_CTX *ctx;
    bool ok;

    if (size < 0)
        return rc_err_internal(pool, APR_SUCCESS, "a sealed value is cut");
    out = apr_palloc(pool, (apr_size_t)size + 1);
    memcpy(tag, in + NONCE_SIZE, TAG_SIZE);
    ctx = EVP_CIPHER_CTX_new();
    ok = ctx && EVP_DecryptInit_ex(ctx, EVP_aes_256_gcm(), NULL, secret->key, in) == 1 &&
         EVP_DecryptUpdate(ctx, NULL, &n, (const unsigned char *)context, (int)strlen(context)) ==
             1 &&
         EVP_DecryptUpdate(ctx, out, &n, data, size) == 1 &&
         EVP_CIPHER_CTX_ctrl(ctx, EVP_CTRL_GCM_SET_TAG, TAG_SIZE, tag) == 1 &&
         EVP_DecryptFinal_ex(ctx, out + n, &n) == 1;
    EVP_CIPHER_CTX_free(ctx);
    if (!ok)
        return rc_err_internal(pool, APR_SUCCESS,
                               "a sealed value does not fit the secret file: was it replaced?");
    out[size] = '\0';
    *text = (const char *)out;
    return NULL;
}

void rc_key_digest(unsigned char digest[RC_DIGEST_SIZE], const char *key)
{
    EVP_Digest(key, strlen(key), digest, NULL, EVP_sha256(), NULL);
}

rc_err_t *rc_key_generate(const char **key, apr_pool_t *pool)
{
    unsigned char bytes[20];

    if (RAND_bytes(bytes, sizeof(bytes)) != 1)
        return rc_err_internal(pool, APR_SUCCESS, "no random bytes");
    *key = rc_text_hex(bytes, sizeof(bytes), pool);
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
        if (byte < limit) /* the rest would make some characters likelier */
            out[i++] = alphabet[byte % size];
    }
    out[len] = '\0';
    *text = out;
    return NULL;
}
