// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the cache: a hash table, whose entries are also in lists in the order of use. An entry
 * that was found once is proven: what is stored and never asked for again does not push it out.
 * Clients choose parts of keys; a secret in the hash keeps them from filling one bucket.
 */
#include "base/lru.h"

#include <stdlib.h>
#include <string.h>

#include <apr_ring.h>
#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include <openssl/rand.h>

#include "base/kept.h"

#define SHARE    8   /* an entry may have at most 1/SHARE of the cache */
#define EXPECTED 256 /* bytes of an entry, which determine the number of buckets */
#define OVERHEAD 32  /* bytes that malloc and the table need for an entry */
#define ASKED    8   /* buckets for each key that rc_lru_asked knows: 2 KiB of entries */
#define FRESH    4   /* at least 1/FRESH of a full cache are entries that were not found yet */

typedef struct entry_t {
    APR_RING_ENTRY(entry_t) link; /* the most recently used entry is first */
    struct entry_t *next;         /* in its bucket */
    apr_uint64_t hash;
    apr_size_t key_len, len; /* of the key, and of the content behind it */
    apr_size_t size;         /* bytes that it counts for */
    bool proven;
    char key[]; /* here, where the hash is: both are compared */
} entry_t;

APR_RING_HEAD(entries_t, entry_t);

struct rc_lru_t {
    apr_uint64_t secret[2];
    apr_uint64_t *asked;       /* atomic; hashes of keys, each at its place */
    apr_thread_mutex_t *mutex; /* guards the members below */
    struct entries_t fresh, proven;
    entry_t **buckets;
    apr_size_t mask; /* number of buckets - 1 */
    apr_size_t used, used_proven, max;
};

/* Folds the product of two numbers. */
static apr_uint64_t mix(apr_uint64_t a, apr_uint64_t b)
{
    unsigned __int128 product = (unsigned __int128)a * b;

    return (apr_uint64_t)product ^ (apr_uint64_t)(product >> 64);
}

/* Twice at the end: about one secret in 150 lets the hashes of short keys fall together once. */
static apr_uint64_t hash_of(const rc_lru_t *cache, rc_bytes_t key)
{
    const char *data = key.data;
    apr_uint64_t hash = cache->secret[0] ^ key.len, word;
    apr_size_t left;

    for (left = key.len; left > sizeof(word); left -= sizeof(word), data += sizeof(word)) {
        memcpy(&word, data, sizeof(word));
        hash = mix(hash ^ word, cache->secret[1]);
    }
    word = 0;
    if (left)
        memcpy(&word, data, left);
    hash = mix(hash ^ word, cache->secret[1]);
    return mix(hash ^ cache->secret[0], cache->secret[1]);
}

static rc_bytes_t content_of(const entry_t *entry)
{
    return (rc_bytes_t){entry->key + entry->key_len, entry->len};
}

static entry_t **find_link(rc_lru_t *cache, rc_bytes_t key, apr_uint64_t hash)
{
    entry_t **at;

    for (at = &cache->buckets[hash & cache->mask]; *at; at = &(*at)->next)
        if ((*at)->hash == hash && (*at)->key_len == key.len &&
            !memcmp((*at)->key, key.data, key.len))
            break;
    return at;
}

/* Puts an entry at the head of a list. */
static void link_entry(rc_lru_t *cache, entry_t *entry, bool proven)
{
    struct entries_t *list = proven ? &cache->proven : &cache->fresh;

    entry->proven = proven;
    cache->used += entry->size;
    cache->used_proven += proven ? entry->size : 0;
    APR_RING_INSERT_HEAD(list, entry, entry_t, link);
}

static void unlink_entry(rc_lru_t *cache, entry_t *entry)
{
    APR_RING_REMOVE(entry, link);
    cache->used -= entry->size;
    cache->used_proven -= entry->proven ? entry->size : 0;
}

static void drop(rc_lru_t *cache, entry_t *entry)
{
    entry_t **at = &cache->buckets[entry->hash & cache->mask];

    while (*at != entry)
        at = &(*at)->next;
    *at = entry->next;
    unlink_entry(cache, entry);
    free(entry);
}

/* Makes an entry the first of the proven ones; the last of too many get another chance. */
static void prove(rc_lru_t *cache, entry_t *entry)
{
    entry_t *last;

    unlink_entry(cache, entry);
    link_entry(cache, entry, true);
    while (cache->used_proven > cache->max - cache->max / FRESH) {
        last = APR_RING_LAST(&cache->proven);
        unlink_entry(cache, last);
        link_entry(cache, last, false);
    }
}

/* Drops the entry that is likely to be missed least. */
static void drop_one(rc_lru_t *cache)
{
    drop(cache, APR_RING_EMPTY(&cache->fresh, entry_t, link) ? APR_RING_LAST(&cache->proven)
                                                             : APR_RING_LAST(&cache->fresh));
}

static apr_status_t drop_all(void *data)
{
    rc_lru_t *cache = data;

    rc_kept_allow(-(apr_ssize_t)cache->used);
    while (cache->used)
        drop_one(cache);
    free(cache->buckets);
    free(cache->asked);
    return APR_SUCCESS;
}

/* Those that are not used take no memory. */
static bool make_tables(rc_lru_t *cache)
{
    apr_size_t count = 64;

    while (count < cache->max / EXPECTED)
        count *= 2;
    cache->mask = count - 1;
    cache->buckets = calloc(count, sizeof(*cache->buckets));
    cache->asked = calloc(count / ASKED, sizeof(*cache->asked));
    return cache->buckets && cache->asked;
}

rc_err_t *rc_lru_create(rc_lru_t **out, apr_size_t bytes, apr_pool_t *pool)
{
    rc_lru_t *cache = apr_pcalloc(pool, sizeof(*cache));
    apr_status_t rv = apr_thread_mutex_create(&cache->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot create the mutex of a cache");
    if (RAND_bytes((unsigned char *)cache->secret, sizeof(cache->secret)) != 1)
        return rc_err_internal(pool, APR_SUCCESS, "no random bytes");
    cache->secret[1] |= 1;
    APR_RING_INIT(&cache->fresh, entry_t, link);
    APR_RING_INIT(&cache->proven, entry_t, link);
    cache->max = bytes;
    apr_pool_cleanup_register(pool, cache, drop_all, apr_pool_cleanup_null);
    if (!make_tables(cache))
        return rc_err_internal(pool, APR_ENOMEM, "no memory for a cache");
    *out = cache;
    return NULL;
}

/* Finds an entry; from now on it is a proven one. The mutex is held. */
static entry_t *use(rc_lru_t *cache, rc_bytes_t key, apr_uint64_t hash)
{
    entry_t *entry = *find_link(cache, key, hash);

    if (entry)
        prove(cache, entry);
    return entry;
}

rc_bytes_t rc_lru_find(rc_lru_t *cache, rc_bytes_t key, apr_pool_t *pool)
{
    apr_uint64_t hash = hash_of(cache, key);
    rc_bytes_t found = {NULL, 0};
    entry_t *entry;

    apr_thread_mutex_lock(cache->mutex);
    if ((entry = use(cache, key, hash))) {
        found = content_of(entry);
        found.data = apr_pmemdup(pool, found.data, found.len);
    }
    apr_thread_mutex_unlock(cache->mutex);
    return found;
}

bool rc_lru_asked(rc_lru_t *cache, rc_bytes_t key)
{
    apr_uint64_t hash = hash_of(cache, key);
    apr_uint64_t *place = &cache->asked[hash & cache->mask / ASKED];

    return __atomic_exchange_n(place, hash, __ATOMIC_RELAXED) == hash;
}

static void insert_entry(rc_lru_t *cache, entry_t *entry)
{
    rc_bytes_t key = {entry->key, entry->key_len};
    apr_size_t before;
    bool proven = false;
    entry_t **at;

    apr_thread_mutex_lock(cache->mutex);
    before = cache->used;
    at = find_link(cache, key, entry->hash);
    if (*at) {
        proven = (*at)->proven;
        drop(cache, *at);
    }
    at = &cache->buckets[entry->hash & cache->mask];
    entry->next = *at;
    *at = entry;
    link_entry(cache, entry, proven);
    while (cache->used > cache->max)
        drop_one(cache);
    rc_kept_allow((apr_ssize_t)cache->used - (apr_ssize_t)before);
    apr_thread_mutex_unlock(cache->mutex);
}

void rc_lru_store(rc_lru_t *cache, rc_bytes_t key, rc_bytes_t head, rc_bytes_t body)
{
    apr_size_t len = head.len + body.len, bytes = sizeof(entry_t) + len + key.len;
    entry_t *entry;
    char *to;

    if (bytes + OVERHEAD > cache->max / SHARE || !(entry = malloc(bytes)))
        return; /* without the entry the cache still works */
    entry->hash = hash_of(cache, key);
    entry->size = bytes + OVERHEAD;
    entry->len = len;
    entry->key_len = key.len;
    memcpy(entry->key, key.data, key.len);
    to = entry->key + key.len;
    if (head.len)
        memcpy(to, head.data, head.len);
    if (body.len)
        memcpy(to + head.len, body.data, body.len);
    insert_entry(cache, entry);
}

rc_err_t *rc_lru_get(bool *found, rc_lru_t *cache, const char *key, rc_spool_t *spool)
{
    rc_bytes_t name = {key, strlen(key)};
    apr_uint64_t hash = hash_of(cache, name);
    rc_err_t *err = NULL;
    entry_t *entry;

    apr_thread_mutex_lock(cache->mutex);
    if ((entry = use(cache, name, hash)))
        err = rc_spool_write(spool, content_of(entry).data, entry->len);
    *found = entry != NULL;
    apr_thread_mutex_unlock(cache->mutex);
    return err;
}

rc_err_t *rc_lru_put(rc_lru_t *cache, const char *key, rc_spool_t *spool, apr_pool_t *scratch)
{
    rc_bytes_t body = {NULL, (apr_size_t)rc_spool_size(spool)}, none = {NULL, 0};
    const char *content;

    if (body.len > cache->max / SHARE)
        return NULL;
    RC_TRY(rc_spool_string(&content, spool, scratch));
    body.data = content;
    rc_lru_store(cache, (rc_bytes_t){key, strlen(key)}, none, body);
    return NULL;
}
