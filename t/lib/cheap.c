// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the httpd and the rcapi-admin of a test, and into unit tests. Passwords are
 * hashed at bcrypt's least cost: most tests make users to test something else, and each hash would
 * cost them 80 ms. A libgit2 that uses mbedTLS reads all certificates of the system when it starts,
 * 8 ms for each process, but never speaks TLS here: they are not read.
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

struct mbedtls_x509_crt;
int mbedtls_x509_crt_parse_file(struct mbedtls_x509_crt *chain, const char *path);

int mbedtls_x509_crt_parse_file(struct mbedtls_x509_crt *chain, const char *path)
{
    (void)chain;
    (void)path;
    return 0;
}
