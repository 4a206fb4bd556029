// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the cache as a list in the order of use. A lookup walks the list, which has at most
 * ENTRIES entries.
 */
#include "base/lru.h"

#include <stdlib.h>
#include <string.h>

#include <apr_ring.h>
#include <apr_thread_mutex.h>

#define SHARE   8   /* an entry may have at most 1/SHARE of the cache */
#define ENTRIES 512 /* the most entries: a smaller entry counts as 1/ENTRIES of the cache */

typedef struct entry_t {
    APR_RING_ENTRY(entry_t) link; /* the most recently used entry is first */
    apr_size_t size;              /* bytes that it counts for */
    apr_size_t len;
    char *key; /* after the content */
    char content[];
} entry_t;

APR_RING_HEAD(entries_t, entry_t);

struct rc_lru_t {
    apr_thread_mutex_t *mutex; /* guards the members below */
    struct entries_t entries;
    apr_size_t used, max;
};

static void drop(rc_lru_t *cache, entry_t *entry)
{
    APR_RING_REMOVE(entry, link);
    cache->used -= entry->size;
    free(entry);
}

static apr_status_t drop_all(void *data)
{
    rc_lru_t *cache = data;

    while (!APR_RING_EMPTY(&cache->entries, entry_t, link))
        drop(cache, APR_RING_FIRST(&cache->entries));
    return APR_SUCCESS;
}

rc_err_t *rc_lru_create(rc_lru_t **out, apr_size_t bytes, apr_pool_t *pool)
{
    rc_lru_t *cache = apr_pcalloc(pool, sizeof(*cache));
    apr_status_t rv = apr_thread_mutex_create(&cache->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot create the mutex of a cache");
    APR_RING_INIT(&cache->entries, entry_t, link);
    cache->max = bytes;
    apr_pool_cleanup_register(pool, cache, drop_all, apr_pool_cleanup_null);
    *out = cache;
    return NULL;
}

static entry_t *lookup(rc_lru_t *cache, const char *key)
{
    entry_t *entry;

    for (entry = APR_RING_FIRST(&cache->entries);
         entry != APR_RING_SENTINEL(&cache->entries, entry_t, link);
         entry = APR_RING_NEXT(entry, link))
        if (!strcmp(entry->key, key))
            return entry;
    return NULL;
}

rc_err_t *rc_lru_get(bool *found, rc_lru_t *cache, const char *key, rc_spool_t *spool)
{
    rc_err_t *err = NULL;
    entry_t *entry;

    apr_thread_mutex_lock(cache->mutex);
    if ((entry = lookup(cache, key))) {
        APR_RING_REMOVE(entry, link);
        APR_RING_INSERT_HEAD(&cache->entries, entry, entry_t, link);
        err = rc_spool_write(spool, entry->content, entry->len);
    }
    *found = entry != NULL;
    apr_thread_mutex_unlock(cache->mutex);
    return err;
}

static void insert_entry(rc_lru_t *cache, entry_t *entry)
{
    entry_t *old;

    apr_thread_mutex_lock(cache->mutex);
    if ((old = lookup(cache, entry->key)))
        drop(cache, old);
    APR_RING_INSERT_HEAD(&cache->entries, entry, entry_t, link);
    cache->used += entry->size;
    while (cache->used > cache->max)
        drop(cache, APR_RING_LAST(&cache->entries));
    apr_thread_mutex_unlock(cache->mutex);
}

rc_err_t *rc_lru_put(rc_lru_t *cache, const char *key, rc_spool_t *spool, apr_pool_t *scratch)
{
    apr_size_t len = (apr_size_t)rc_spool_size(spool), key_len = strlen(key) + 1;
    apr_size_t size = sizeof(entry_t) + len + key_len;
    const char *content;
    entry_t *entry;

    if (size > cache->max / SHARE)
        return NULL;
    RC_TRY(rc_spool_string(&content, spool, scratch));
    if (!(entry = malloc(size)))
        return NULL; /* without the entry the cache still works */
    entry->size = size > cache->max / ENTRIES ? size : cache->max / ENTRIES;
    entry->len = len;
    entry->key = entry->content + len;
    memcpy(entry->content, content, len);
    memcpy(entry->key, key, key_len);
    insert_entry(cache, entry);
    return NULL;
}
