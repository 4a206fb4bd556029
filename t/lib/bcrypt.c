// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the httpd and the rcapi-admin of a test, and into some unit tests: passwords are
 * hashed at bcrypt's least cost. Most tests make users to test something else, and each hash would cost them 80 ms.
 */
#include <dlfcn.h>
#include <stddef.h>

#define LEAST_COST 4

int apr_bcrypt_encode(const char *password, unsigned int cost, const unsigned char *salt,
                      size_t salt_size, char *hash, size_t hash_size);

int apr_bcrypt_encode(const char *password, unsigned int cost, const unsigned char *salt,
                      size_t salt_size, char *hash, size_t hash_size)
{
    int (*real)(const char *, unsigned int, const unsigned char *, size_t, char *, size_t) =
        dlsym(RTLD_NEXT, "apr_bcrypt_encode");

    (void)cost;
    return real(password, LEAST_COST, salt, salt_size, hash, hash_size);
}
