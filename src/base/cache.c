// SPDX-License-Identifier: Apache-2.0
/*
 * Implements the file cache. A file is written as rcapi-<name>.part and renamed when it is
 * complete. The lock holder of the part makes the file. The lock ends with its descriptor, so a
 * part without a lock was left by a crash. A file's mtime is the time of its last use.
 */
#include "base/cache.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "base/log.h"
#include "base/time.h"

#define OURS_ARE "rcapi-" /* other files in the directory are ignored */
#define PART     ".part"
#define PAUSE    (20 * 1000) /* microseconds between two attempts to find or lock the file */

/* The result of a lookup. */
typedef enum {
    HIT,   /* fd is the finished file */
    OURS,  /* fd is the part, locked: this request makes it */
    BUSY,  /* another request makes it */
    BROKEN /* the directory cannot be used */
} found_t;

typedef struct slot_t {
    const rc_cache_t *cache;
    const char *file, *part;
    int fd;
    int why;        /* errno, when the directory cannot be used */
    struct stat st; /* of a hit */
} slot_t;

/* Rejects a file of another account. */
static bool open_finished(slot_t *slot)
{
    slot->fd = open(slot->file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (slot->fd < 0)
        return false;
    if (!fstat(slot->fd, &slot->st) && S_ISREG(slot->st.st_mode) && slot->st.st_uid == geteuid()) {
        futimens(slot->fd, NULL); /* on failure it is only evicted sooner */
        return true;
    }
    close(slot->fd);
    return false;
}

static int open_part(const slot_t *slot)
{
    int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC;
    int fd = open(slot->part, flags, 0600);

    if (fd < 0 && errno == ENOENT && (!mkdir(slot->cache->dir, 0700) || errno == EEXIST))
        fd = open(slot->part, flags, 0600);
    return fd;
}

/* Locks @a fd if @a path still names that file; else returns false with errno. */
static bool lock_now(int fd, const char *path)
{
    struct stat held, named;

    if (flock(fd, LOCK_EX | LOCK_NB))
        return false;
    if (!fstat(fd, &held) && !lstat(path, &named) && held.st_dev == named.st_dev &&
        held.st_ino == named.st_ino)
        return true;
    errno = EWOULDBLOCK; /* another request has finished and renamed it */
    return false;
}

/* With the lock on the part: checks whether another request has finished the file meanwhile. */
static found_t look_again(slot_t *slot)
{
    int part = slot->fd;

    if (!open_finished(slot)) {
        slot->fd = part;
        return OURS;
    }
    unlink(slot->part);
    close(part);
    return HIT;
}

/* Returns whether the request may go on waiting. The slot among the waiting threads is acquired
 * once, and released with @a pool. */
static bool may_wait(const slot_t *slot, apr_time_t end, bool *inside, apr_pool_t *pool)
{
    if (!*inside && slot->cache->waiting && rc_limit_take(slot->cache->waiting, 1, pool))
        return false;
    *inside = true;
    return rc_clock() < end;
}

static found_t look_at_slot(slot_t *slot, apr_pool_t *pool)
{
    apr_time_t end = rc_clock() + slot->cache->wait;
    bool inside = false;

    for (;;) {
        if (open_finished(slot))
            return HIT;
        slot->fd = open_part(slot);
        if (slot->fd >= 0 && lock_now(slot->fd, slot->part))
            return look_again(slot);
        slot->why = errno;
        if (slot->fd < 0)
            return BROKEN;
        close(slot->fd);
        if (slot->why != EWOULDBLOCK && slot->why != EINTR)
            return BROKEN;
        if (!may_wait(slot, end, &inside, pool))
            return BUSY;
        apr_sleep(PAUSE);
    }
}

/* --- sweeping --- */

typedef struct kept_t {
    const char *path;
    struct timespec used;
    apr_off_t size;
} kept_t;

static int by_use(const void *a, const void *b)
{
    const struct timespec *x = &((const kept_t *)a)->used, *y = &((const kept_t *)b)->used;

    if (x->tv_sec != y->tv_sec)
        return x->tv_sec < y->tv_sec ? -1 : 1;
    return (x->tv_nsec > y->tv_nsec) - (x->tv_nsec < y->tv_nsec);
}

static bool is_part(const char *name)
{
    apr_size_t len = strlen(name), tail = strlen(PART);

    return len > tail && !strcmp(name + len - tail, PART);
}

static void remove_if_left(const char *part)
{
    int fd = open(part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return;
    if (lock_now(fd, part))
        unlink(part);
    close(fd);
}

/* Lists the finished files (kept_t) and removes parts that a crash left; returns the sum of bytes.
 */
static apr_off_t list(apr_array_header_t *files, DIR *dir, const char *path, apr_pool_t *pool)
{
    apr_off_t total = 0;
    struct dirent *entry;
    struct stat st;

    while ((entry = readdir(dir))) {
        const char *name = apr_pstrcat(pool, path, "/", entry->d_name, NULL);
        kept_t kept = {.path = name};

        if (strncmp(entry->d_name, OURS_ARE, strlen(OURS_ARE)) || lstat(name, &st) ||
            !S_ISREG(st.st_mode))
            continue;
        if (is_part(name)) {
            remove_if_left(name);
            continue;
        }
        kept.used = st.st_mtim;
        total += kept.size = st.st_size;
        APR_ARRAY_PUSH(files, kept_t) = kept;
    }
    return total;
}

/* Removes the least recently used files until at most @a max bytes are left. */
static void sweep(const rc_cache_t *cache, apr_off_t max, apr_pool_t *pool)
{
    DIR *dir = cache->dir ? opendir(cache->dir) : NULL;
    apr_array_header_t *files;
    apr_pool_t *scratch;
    apr_off_t total;
    int i;

    if (!dir)
        return;
    apr_pool_create(&scratch, pool);
    files = apr_array_make(scratch, 64, sizeof(kept_t));
    total = list(files, dir, cache->dir, scratch);
    closedir(dir);
    qsort(files->elts, (size_t)files->nelts, sizeof(kept_t), by_use);
    for (i = 0; i < files->nelts && total > max; i++) {
        const kept_t *oldest = &APR_ARRAY_IDX(files, i, kept_t);

        if (!unlink(oldest->path))
            total -= oldest->size;
    }
    apr_pool_destroy(scratch);
}

/* Reads up to size - 1 bytes of a file; "" when it cannot be read. */
static void read_first_line(char *text, size_t size, const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
}

/* Returns true when the cache is of this boot of the machine; else empties it and stores the boot's
 * id in it. */
static bool is_of_this_boot(const rc_cache_t *cache, apr_pool_t *pool)
{
    const char *note = apr_pstrcat(pool, cache->dir, "/boot_id", NULL);
    char now[64], then[64];
    int fd;

    read_first_line(now, sizeof(now), "/proc/sys/kernel/random/boot_id");
    read_first_line(then, sizeof(then), note);
    if (*now && !strcmp(now, then))
        return true;
    mkdir(cache->dir, 0700);
    sweep(cache, 0, pool);
    fd = open(note, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd >= 0) {
        if (write(fd, now, strlen(now)) < 0)
            unlink(note);
        close(fd);
    }
    return false;
}

void rc_cache_begin(const rc_cache_t *cache, apr_pool_t *pool)
{
    if (cache->dir && is_of_this_boot(cache, pool))
        sweep(cache, cache->max, pool);
}

/* --- making --- */

static void warn(const slot_t *slot, int why)
{
    rc_log(RC_LOG_WARNING, APR_FROM_OS_ERROR(why), "cannot cache files in %s", slot->cache->dir);
}

/* Publishes the complete part. After a failure the file is only made again. */
static void keep(const slot_t *slot, apr_off_t size, apr_pool_t *pool)
{
    if (size > slot->cache->max) {
        unlink(slot->part);
    } else if (rename(slot->part, slot->file)) {
        warn(slot, errno);
        unlink(slot->part);
    } else {
        sweep(slot->cache, slot->cache->max, pool);
    }
    flock(slot->fd, LOCK_UN);
}

static rc_err_t *make_part(rc_spool_t *spool, const slot_t *slot, rc_cache_make_fn_t *make,
                           void *baton, apr_pool_t *pool)
{
    const char *data;
    apr_file_t *file;
    rc_err_t *err;

    err = rc_spool_take_fd(spool, slot->fd, 0);
    if (!err && ftruncate(slot->fd, 0)) /* a crash may have left bytes */
        err = rc_err_internal(pool, APR_FROM_OS_ERROR(errno), "cannot empty %s", slot->part);
    if (!err)
        err = make(baton, spool);
    if (!err)
        err = rc_spool_content(&data, &file, spool);
    if (!err) {
        keep(slot, rc_spool_size(spool), pool);
        return NULL;
    }
    unlink(slot->part);
    rc_spool_reset(spool); /* also releases the lock */
    return err;
}

rc_err_t *rc_cache_get(rc_spool_t *spool, const rc_cache_t *cache, const char *name,
                       rc_cache_make_fn_t *make, void *baton, apr_pool_t *pool)
{
    slot_t slot = {.cache = cache};
    apr_pool_t *wait;
    found_t found;
    rc_err_t *err;

    if (!cache->dir)
        return make(baton, spool);
    slot.file = apr_pstrcat(pool, cache->dir, "/" OURS_ARE, name, NULL);
    slot.part = apr_pstrcat(pool, slot.file, PART, NULL);
    apr_pool_create(&wait, pool);
    found = look_at_slot(&slot, wait);
    apr_pool_destroy(wait);
    switch (found) {
    case HIT:
        return rc_spool_take_fd(spool, slot.fd, slot.st.st_size);
    case BUSY:
        return rc_err(pool, RC_E_BUSY, "This is being made; try again in a moment");
    case OURS:
        err = make_part(spool, &slot, make, baton, pool);
        if (!err || err->kind != RC_E_INTERNAL || !err->cause)
            return err;
        warn(&slot, APR_TO_OS_ERROR(err->cause)); /* a system error: perhaps the disk is full */
        break;
    case BROKEN:
        warn(&slot, slot.why);
        break;
    }
    return make(baton, spool);
}
