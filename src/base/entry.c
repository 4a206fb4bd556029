// SPDX-License-Identifier: Apache-2.0
/*
 * Finds and publishes entries of the file cache. An entry is written as rcapi-<name>.part and
 * renamed when it is complete. A file's mtime is the time of its last use.
 */
#include "entry.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/log.h"
#include "part.h"
#include "sweep.h"

void rc_entry_init(rc_entry_t *entry, const rc_cache_t *cache, const char *name, apr_pool_t *pool)
{
    *entry = (rc_entry_t){.cache = cache, .fd = -1};
    entry->file = apr_pstrcat(pool, cache->dir, "/" RC_PART_PREFIX, name, NULL);
    entry->part = apr_pstrcat(pool, entry->file, RC_PART_SUFFIX, NULL);
}

bool rc_entry_open(rc_entry_t *entry)
{
    entry->fd = open(entry->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (entry->fd < 0)
        return false;
    if (!fstat(entry->fd, &entry->st) && S_ISREG(entry->st.st_mode) &&
        entry->st.st_uid == geteuid()) {
        futimens(entry->fd, NULL); /* on failure it is only evicted sooner */
        return true;
    }
    close(entry->fd);
    return false;
}

static int open_part(const rc_entry_t *entry)
{
    int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = open(entry->part, flags, 0600);

    if (fd < 0 && errno == ENOENT && (!mkdir(entry->cache->dir, 0700) || errno == EEXIST))
        fd = open(entry->part, flags, 0600);
    return fd;
}

/* Opens the part and locks it; RC_ENTRY_OURS when that succeeds. A part with bytes was left by a
 * crash. It is replaced, because others may be reading it already. */
static rc_entry_found_t lock_part(rc_entry_t *entry)
{
    struct stat st;

    for (;;) {
        entry->fd = open_part(entry);
        if (entry->fd < 0 || !rc_part_lock(entry->fd, entry->part) || fstat(entry->fd, &st))
            break;
        if (!st.st_size)
            return RC_ENTRY_OURS;
        unlink(entry->part);
        close(entry->fd);
    }
    entry->why = errno;
    if (entry->fd < 0)
        return RC_ENTRY_BROKEN;
    close(entry->fd);
    return entry->why == EWOULDBLOCK || entry->why == EINTR ? RC_ENTRY_BUSY : RC_ENTRY_BROKEN;
}

rc_entry_found_t rc_entry_look(rc_entry_t *entry)
{
    rc_entry_found_t found;
    int part;

    if (rc_entry_open(entry))
        return RC_ENTRY_HIT;
    found = lock_part(entry);
    if (found != RC_ENTRY_OURS)
        return found;
    part = entry->fd; /* another request may have finished the file meanwhile */
    if (rc_entry_open(entry)) {
        unlink(entry->part);
        close(part);
        return RC_ENTRY_HIT;
    }
    entry->fd = part;
    return RC_ENTRY_OURS;
}

void rc_entry_warn(const rc_entry_t *entry, int why)
{
    rc_log(RC_LOG_WARNING, APR_FROM_OS_ERROR(why), "cannot cache files in %s", entry->cache->dir);
}

static bool rename_part(void *baton)
{
    const rc_entry_t *entry = baton;

    return !rename(entry->part, entry->file);
}

bool rc_entry_keep(rc_entry_t *entry, apr_off_t size, apr_pool_t *pool)
{
    bool fits = size <= entry->cache->max;

    if (fits && rc_cache_add(entry->cache, size, rename_part, entry, pool))
        return true;
    if (fits)
        rc_entry_warn(entry, errno);
    unlink(entry->part);
    return false;
}
