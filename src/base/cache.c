// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the file cache: takes a file from it, or makes it in one process while the others
 * wait.
 */
#include "base/cache.h"

#include <stdbool.h>
#include <unistd.h>

#include "base/metrics.h"
#include "base/time.h"
#include "entry.h"
#include "part.h"
#include "sweep.h"

#define PAUSE (20 * 1000) /* microseconds between two attempts to find or lock the file */

/* Returns whether the request may go on waiting. The slot among the waiting threads is acquired
 * once, and released with @a pool. */
static bool may_wait(const rc_cache_t *cache, apr_time_t end, bool *inside, apr_pool_t *pool)
{
    if (!*inside && cache->waiting && rc_limit_take(cache->waiting, 1, pool))
        return false;
    *inside = true;
    return rc_clock() < end;
}

static rc_entry_found_t look_and_wait(rc_entry_t *entry, apr_pool_t *pool)
{
    apr_time_t end = rc_clock() + entry->cache->wait;
    rc_entry_found_t found;
    bool inside = false;

    while ((found = rc_entry_look(entry)) == RC_ENTRY_BUSY) {
        if (!may_wait(entry->cache, end, &inside, pool))
            break;
        apr_sleep(PAUSE);
    }
    return found;
}

static rc_err_t *make_part(rc_spool_t *spool, rc_entry_t *entry, rc_cache_make_fn_t *make,
                           void *baton, apr_pool_t *pool)
{
    const char *data;
    apr_file_t *file;
    rc_err_t *err;

    err = rc_spool_take_fd(spool, entry->fd, 0);
    if (!err)
        err = make(baton, spool);
    if (!err)
        err = rc_spool_content(&data, &file, spool);
    if (!err) {
        rc_entry_keep(entry, rc_spool_size(spool), pool);
        rc_part_unlock(entry->fd);
        return NULL;
    }
    unlink(entry->part);
    rc_spool_reset(spool); /* also releases the lock */
    return err;
}

void rc_cache_count(apr_off_t size)
{
    rc_metric_add(RC_METRIC_CACHE, size < 0 ? "made" : "hit", NULL, 1);
    if (size >= 0)
        rc_metric_add(RC_METRIC_CACHE_BYTES, NULL, NULL, (apr_uint64_t)size);
}

rc_err_t *rc_cache_get(rc_spool_t *spool, const rc_cache_t *cache, const char *name,
                       rc_cache_make_fn_t *make, void *baton, apr_pool_t *pool)
{
    rc_entry_t entry;
    apr_pool_t *wait;
    rc_entry_found_t found;
    rc_err_t *err;

    if (!cache->dir)
        return make(baton, spool);
    rc_entry_init(&entry, cache, name, pool);
    apr_pool_create(&wait, pool);
    found = look_and_wait(&entry, wait);
    apr_pool_destroy(wait);
    rc_cache_count(found == RC_ENTRY_HIT ? entry.st.st_size : -1);
    switch (found) {
    case RC_ENTRY_HIT:
        return rc_spool_take_fd(spool, entry.fd, entry.st.st_size);
    case RC_ENTRY_BUSY:
        return rc_err(pool, RC_E_BUSY, "This is being made; try again in a moment");
    case RC_ENTRY_OURS:
        err = make_part(spool, &entry, make, baton, pool);
        if (!err || err->kind != RC_E_INTERNAL || !err->cause)
            return err;
        rc_entry_warn(&entry, APR_TO_OS_ERROR(err->cause)); /* perhaps the disk is full */
        break;
    case RC_ENTRY_BROKEN:
        rc_entry_warn(&entry, entry.why);
        break;
    }
    return make(baton, spool);
}

rc_err_t *rc_cache_find(bool *found, rc_spool_t *spool, const rc_cache_t *cache, const char *name,
                        apr_pool_t *pool)
{
    rc_entry_t entry;

    *found = false;
    if (!cache->dir)
        return NULL;
    rc_entry_init(&entry, cache, name, pool);
    if (!rc_entry_open(&entry))
        return NULL;
    rc_cache_count(entry.st.st_size);
    *found = true;
    return rc_spool_take_fd(spool, entry.fd, entry.st.st_size);
}

static rc_err_t *copy_spool(void *baton, rc_spool_t *part)
{
    return rc_spool_append(part, baton);
}

typedef struct named_spool_t {
    const rc_entry_t *entry;
    rc_spool_t *spool;
} named_spool_t;

static bool link_spool(void *baton)
{
    const named_spool_t *link = baton;

    return rc_spool_link(link->spool, link->entry->file);
}

/* Makes the file of @a spool the entry's; false when it must be copied. */
static bool keep_file(const rc_entry_t *entry, rc_spool_t *spool, apr_pool_t *pool)
{
    named_spool_t link = {entry, spool};

    if (!rc_cache_add(entry->cache, rc_spool_size(spool), link_spool, &link, pool))
        return false;
    rc_cache_count(-1);
    return true;
}

void rc_cache_keep(const rc_cache_t *cache, const char *name, rc_spool_t *spool, apr_pool_t *pool)
{
    rc_entry_t entry;
    rc_err_t *err;

    if (!cache->dir || rc_spool_size(spool) > cache->max)
        return;
    rc_entry_init(&entry, cache, name, pool);
    if (rc_entry_open(&entry)) { /* another request was quicker: no room is needed */
        close(entry.fd);
        return;
    }
    if (keep_file(&entry, spool, pool))
        return;
    switch (rc_entry_look(&entry)) {
    case RC_ENTRY_OURS:
        rc_cache_count(-1);
        err = make_part(rc_spool_create(NULL, pool), &entry, copy_spool, spool, pool);
        if (err)
            rc_entry_warn(&entry, APR_TO_OS_ERROR(err->cause));
        break;
    case RC_ENTRY_HIT:
        close(entry.fd);
        break;
    case RC_ENTRY_BUSY:
        break;
    case RC_ENTRY_BROKEN:
        rc_entry_warn(&entry, entry.why);
    }
}
