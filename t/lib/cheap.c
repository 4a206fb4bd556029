// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the httpd and the rcapi-admin of a test, and into unit tests. Passwords are hashed at
 * bcrypt's least cost: most tests make users to test something else, and each hash would cost them
 * 80 ms. So would each wrong password: that of an unknown user is compared with a hash that
 * src/base/password.c holds, and here with one of the least cost. While the file RCAPI_GATE exists,
 * no check of a password ends: a test makes as many as it wants wait. A libgit2 that uses mbedTLS reads
 * all certificates of the system when it starts, 8 ms for each process, but never speaks TLS here:
 * they are not read.
 */
#include <dlfcn.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

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

#define NOBODYS "$2y$10$KBCwKxOzLha2MUDgW0PjXe" /* how the hash begins */

/* Waits for 30 seconds at most. */
static void wait_at_gate(void)
{
    const char *gate = getenv("RCAPI_GATE");
    int left = 30000;

    while (gate && !access(gate, F_OK) && left-- > 0)
        usleep(1000);
}

int apr_password_validate(const char *password, const char *hash);

int apr_password_validate(const char *password, const char *hash)
{
    int (*real)(const char *, const char *) = dlsym(RTLD_NEXT, "apr_password_validate");
    char cheap[64];

    wait_at_gate();
    if (strncmp(hash, NOBODYS, strlen(NOBODYS)))
        return real(password, hash);
    snprintf(cheap, sizeof(cheap), "$2y$%02d%s", LEAST_COST, hash + strlen("$2y$10"));
    return real(password, cheap);
}

struct mbedtls_x509_crt;
int mbedtls_x509_crt_parse_file(struct mbedtls_x509_crt *chain, const char *path);

int mbedtls_x509_crt_parse_file(struct mbedtls_x509_crt *chain, const char *path)
{
    (void)chain;
    (void)path;
    return 0;
}
