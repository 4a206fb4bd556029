// SPDX-License-Identifier: Apache-2.0
/*
 * Counts guesses in a table in shared memory. A key has a few places in it; when all of them are
 * taken, the one whose time began first is reused. So the table never grows, and who fills it needs
 * as many addresses as it has places. A secret decides which places a key has: nobody can choose
 * names that displace a count.
 */
#include "base/guess.h"

#include <errno.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>

#include <apr_strings.h>

#include "base/secret.h"
#include "base/time.h"

#define PLACES 8192
#define WAYS   8  /* places of a key */
#define SECRET 41 /* bytes of a text of rc_key_generate */

typedef struct guess_place_t {
    unsigned char id[12]; /* of the key */
    apr_uint32_t begun;   /* seconds of rc_clock(); 0: free */
    apr_uint32_t count;
} guess_place_t;

typedef struct guess_table_t {
    pthread_mutex_t lock;
    char secret[SECRET];
    guess_place_t places[PLACES];
} guess_table_t;

static guess_table_t *table; /* shared by all processes; NULL: nothing is limited */

/* The lock of a process that was killed is taken over: a count may be lost. */
static rc_err_t *make_lock(pthread_mutex_t *lock, apr_pool_t *pool)
{
    pthread_mutexattr_t attributes;
    int n = pthread_mutexattr_init(&attributes);

    if (!n)
        n = pthread_mutexattr_setpshared(&attributes, PTHREAD_PROCESS_SHARED);
    if (!n)
        n = pthread_mutexattr_setrobust(&attributes, PTHREAD_MUTEX_ROBUST);
    if (!n)
        n = pthread_mutex_init(lock, &attributes);
    return n ? rc_err_internal(pool, n, "cannot make a lock for guesses") : NULL;
}

rc_err_t *rc_guess_open(apr_pool_t *pool)
{
    const char *secret;
    void *memory;

    RC_TRY(rc_key_generate(&secret, pool));
    if (!table) {
        memory =
            mmap(NULL, sizeof(*table), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (memory == MAP_FAILED)
            return rc_err_internal(pool, errno, "cannot map memory for guesses");
        table = memory;
    }
    memset(table, 0, sizeof(*table));
    apr_cpystrn(table->secret, secret, SECRET);
    return make_lock(&table->lock, pool);
}

static bool lock_table(void)
{
    int n = table ? pthread_mutex_lock(&table->lock) : EINVAL;

    if (n == EOWNERDEAD)
        n = pthread_mutex_consistent(&table->lock);
    return n == 0;
}

static apr_uint32_t now_sec(void)
{
    return (apr_uint32_t)apr_time_sec(rc_clock()) + 1;
}

/* Returns the place of a key: its own, else a free one, else the oldest. */
static guess_place_t *find_guess(const char *kind, const char *key, apr_uint32_t now)
{
    unsigned char digest[RC_DIGEST_SIZE];
    guess_place_t *oldest, *place;
    char text[350];
    apr_uint32_t first;

    apr_snprintf(text, sizeof(text), "%s %s %s", table->secret, kind, key);
    rc_key_digest(digest, text);
    memcpy(&first, digest + sizeof(place->id), sizeof(first));
    first = first % (PLACES / WAYS) * WAYS;
    oldest = table->places + first;
    for (place = oldest; place < table->places + first + WAYS; place++) {
        if (place->begun && now - place->begun >= RC_GUESS_TIME)
            place->begun = 0;
        if (place->begun && !memcmp(place->id, digest, sizeof(place->id)))
            return place;
        if (place->begun < oldest->begun)
            oldest = place;
    }
    memcpy(oldest->id, digest, sizeof(oldest->id));
    oldest->begun = now;
    oldest->count = 0;
    return oldest;
}

int rc_guess_try(const char *kind, const char *key, int most)
{
    apr_uint32_t now = now_sec();
    guess_place_t *place;
    int wait = 0;

    if (!lock_table())
        return 0;
    place = find_guess(kind, key, now);
    if (place->count >= (apr_uint32_t)most)
        wait = (int)(place->begun + RC_GUESS_TIME - now);
    else
        place->count++;
    pthread_mutex_unlock(&table->lock);
    return wait;
}

void rc_guess_right(const char *kind, const char *key)
{
    guess_place_t *place;

    if (!lock_table())
        return;
    place = find_guess(kind, key, now_sec());
    if (place->count)
        place->count--;
    pthread_mutex_unlock(&table->lock);
}
