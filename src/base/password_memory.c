// SPDX-License-Identifier: Apache-2.0
/*
 * Remembers for a short time which passwords were right, so that a client with several requests
 * pays for one check. The memory holds no password and no hash of one: only an HMAC of both under a
 * random key of this process, in a table of fixed size.
 */
#include "base/password.h"

#include <string.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/rand.h>

#include "base/secret.h"
#include "base/time.h"

#define SETS 256
#define WAYS 4 /* entries of a set, the bits of whose digests choose it */

typedef struct known_t {
    unsigned char digest[RC_DIGEST_SIZE];
    apr_time_t until; /* of rc_clock; 0: free */
} known_t;

struct rc_password_memory_t {
    unsigned char key[RC_DIGEST_SIZE];
    apr_interval_time_t life;
    apr_thread_mutex_t *mutex; /* guards the entries */
    known_t entries[SETS][WAYS];
};

rc_err_t *rc_password_memory_create(rc_password_memory_t **out, apr_interval_time_t life,
                                    apr_pool_t *pool)
{
    rc_password_memory_t *memory = apr_pcalloc(pool, sizeof(*memory));
    apr_status_t rv = apr_thread_mutex_create(&memory->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot create the mutex of a memory");
    if (RAND_bytes(memory->key, sizeof(memory->key)) != 1)
        return rc_err_internal(pool, APR_SUCCESS, "no random bytes");
    memory->life = life;
    *out = memory;
    return NULL;
}

/* A hash has no line end, so that no other pair makes the same text. */
static bool make_digest(unsigned char digest[RC_DIGEST_SIZE], const rc_password_memory_t *memory,
                        const char *hash, const char *password, apr_pool_t *pool)
{
    const char *text = apr_pstrcat(pool, hash, "\n", password, NULL);

    return HMAC(EVP_sha256(), memory->key, sizeof(memory->key), (const unsigned char *)text,
                strlen(text), digest, NULL) != NULL;
}

bool rc_password_known(rc_password_memory_t *memory, const char *hash, const char *password,
                       apr_pool_t *scratch)
{
    unsigned char digest[RC_DIGEST_SIZE];
    bool known = false;
    int i;

    if (!make_digest(digest, memory, hash, password, scratch))
        return false;
    apr_thread_mutex_lock(memory->mutex);
    for (i = 0; i < WAYS && !known; i++) {
        const known_t *entry = &memory->entries[digest[0]][i];

        known = entry->until > rc_clock() && !memcmp(entry->digest, digest, sizeof(digest));
    }
    apr_thread_mutex_unlock(memory->mutex);
    return known;
}

void rc_password_remember(rc_password_memory_t *memory, const char *hash, const char *password,
                          apr_pool_t *scratch)
{
    unsigned char digest[RC_DIGEST_SIZE];
    known_t *set, *oldest;
    int i;

    if (!make_digest(digest, memory, hash, password, scratch))
        return;
    oldest = set = memory->entries[digest[0]];
    apr_thread_mutex_lock(memory->mutex);
    for (i = 1; i < WAYS; i++)
        if (set[i].until < oldest->until)
            oldest = &set[i];
    memcpy(oldest->digest, digest, sizeof(digest));
    oldest->until = rc_clock() + memory->life;
    apr_thread_mutex_unlock(memory->mutex);
}
