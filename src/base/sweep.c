// SPDX-License-Identifier: Apache-2.0
/*
 * Counts the files of the cache and removes some: the least recently used ones, what a crash left,
 * and all that is older than the last boot of the machine.
 *
 * All processes share one count, in a file. Whoever adds a file locks it, adds to it, names the
 * file and unlocks it, so what is there is never more than the count, whoever is killed. It can be
 * less, because files also vanish. When the count exceeds the limit, the directory is listed.
 */
#include "sweep.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "base/text.h"
#include "part.h"

/* All are listed at times; a client without blobs fetches many small files. */
#define MOST_FILES 10000

/* When there is no room, this part of the limit is freed, so that the directory is not listed for
 * each file. */
#define SHARE 16

/* What is in the cache, or may be. */
typedef struct amount_t {
    apr_off_t bytes, files;
} amount_t;

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

static void remove_if_left(const char *part)
{
    int fd = open(part, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0)
        return;
    if (rc_part_lock(fd, part))
        unlink(part);
    close(fd);
}

/* Lists the finished files (kept_t) and removes parts that a crash left; returns the sum. */
static amount_t list(apr_array_header_t *files, DIR *dir, const char *path, apr_pool_t *pool)
{
    amount_t total = {0, 0};
    struct dirent *entry;
    struct stat st;

    while ((entry = readdir(dir))) {
        const char *name = apr_pstrcat(pool, path, "/", entry->d_name, NULL);
        kept_t kept = {.path = name};

        if (strncmp(entry->d_name, RC_PART_PREFIX, strlen(RC_PART_PREFIX)) || lstat(name, &st) ||
            !S_ISREG(st.st_mode))
            continue;
        if (rc_text_ends(name, RC_PART_SUFFIX)) {
            remove_if_left(name);
            continue;
        }
        kept.used = st.st_mtim;
        total.bytes += kept.size = st.st_size;
        total.files++;
        APR_ARRAY_PUSH(files, kept_t) = kept;
    }
    return total;
}

static bool fits_in(const amount_t *total, const amount_t *more, const amount_t *most)
{
    return more->bytes <= most->bytes - total->bytes && more->files <= most->files - total->files;
}

static apr_off_t larger(apr_off_t a, apr_off_t b)
{
    return a > b ? a : b;
}

/* Removes the least recently used files until there is room for @a more, or the share. */
static void evict(amount_t *total, apr_array_header_t *files, const amount_t *more,
                  const amount_t *most)
{
    amount_t room = {larger(more->bytes, most->bytes / SHARE),
                     larger(more->files, most->files / SHARE)};
    int i;

    qsort(files->elts, (size_t)files->nelts, sizeof(kept_t), by_use);
    for (i = 0; i < files->nelts && !fits_in(total, &room, most); i++) {
        const kept_t *oldest = &APR_ARRAY_IDX(files, i, kept_t);

        if (unlink(oldest->path) && errno != ENOENT)
            continue;
        total->bytes -= oldest->size;
        total->files--;
    }
}

/* Counts the files, and makes room for @a more when there is none; false with errno when the
 * directory cannot be read. */
static bool sweep(amount_t *total, const char *path, const amount_t *more, const amount_t *most,
                  apr_pool_t *pool)
{
    DIR *dir = opendir(path);
    apr_array_header_t *files;
    apr_pool_t *scratch;

    if (!dir)
        return false;
    apr_pool_create(&scratch, pool);
    files = apr_array_make(scratch, 64, sizeof(kept_t));
    *total = list(files, dir, path, scratch);
    closedir(dir);
    if (!fits_in(total, more, most))
        evict(total, files, more, most);
    apr_pool_destroy(scratch);
    return true;
}

/* --- the count --- */

/* Opens the count and locks it, until it is closed; -1 with errno on failure. */
static int lock_count(const char *dir, apr_pool_t *pool)
{
    int fd = open(apr_pstrcat(pool, dir, "/count", NULL),
                  O_RDWR | O_CREAT | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC, 0600);
    int rv;

    if (fd < 0)
        return -1;
    do
        rv = flock(fd, LOCK_EX);
    while (rv && errno == EINTR);
    if (!rv)
        return fd;
    rv = errno;
    close(fd);
    errno = rv;
    return -1;
}

static bool write_count(int fd, const amount_t *total)
{
    return pwrite(fd, total, sizeof(*total), 0) == (ssize_t)sizeof(*total);
}

/* Adds @a more to the count, after making room for it; false with errno. */
static bool reserve(amount_t *total, int fd, const rc_cache_t *cache, const amount_t *more,
                    apr_pool_t *pool)
{
    amount_t most = {cache->max, MOST_FILES};
    bool known = pread(fd, total, sizeof(*total), 0) == (ssize_t)sizeof(*total) &&
                 total->bytes >= 0 && total->files >= 0;

    if ((!known || !fits_in(total, more, &most)) && !sweep(total, cache->dir, more, &most, pool))
        return false;
    if (!fits_in(total, more, &most)) {
        errno = ENOSPC; /* files cannot be removed */
        return false;
    }
    total->bytes += more->bytes;
    total->files += more->files;
    return write_count(fd, total);
}

bool rc_cache_add(const rc_cache_t *cache, apr_off_t size, bool (*name)(void *baton), void *baton,
                  apr_pool_t *pool)
{
    int fd = lock_count(cache->dir, pool), why;
    amount_t total, more = {size, 1};
    bool reserved, added;

    if (fd < 0)
        return false;
    reserved = reserve(&total, fd, cache, &more, pool);
    added = reserved && name(baton);
    why = errno;
    if (reserved && !added) {
        total.bytes -= more.bytes;
        total.files -= more.files;
        write_count(fd, &total);
    }
    close(fd);
    errno = why;
    return added;
}

/* --- the start --- */

/* Reads up to size - 1 bytes of a file; "" when it cannot be read. */
static void read_first_line(char *text, size_t size, const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, size - 1);

    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
}

/* Reads the id of this boot of the machine; returns true when the cache is of the same. */
static bool is_of_this_boot(char *now, size_t size, const char *note)
{
    char then[64];

    read_first_line(now, size, "/proc/sys/kernel/random/boot_id");
    read_first_line(then, sizeof(then), note);
    return *now && !strcmp(now, then);
}

static void write_boot(const char *note, const char *now)
{
    int fd = open(note, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, 0600);

    if (fd < 0)
        return;
    if (write(fd, now, strlen(now)) < 0)
        unlink(note);
    close(fd);
}

void rc_cache_begin(const rc_cache_t *cache, apr_pool_t *pool)
{
    amount_t total, none = {0, 0}, most = {cache->max, MOST_FILES};
    const char *note;
    char now[64];
    bool same;
    int fd;

    if (!cache->dir)
        return;
    note = apr_pstrcat(pool, cache->dir, "/boot_id", NULL);
    same = is_of_this_boot(now, sizeof(now), note);
    if (!same)
        mkdir(cache->dir, 0700);
    if ((fd = lock_count(cache->dir, pool)) < 0)
        return;
    if (sweep(&total, cache->dir, &none, same ? &most : &none, pool) && write_count(fd, &total) &&
        !same)
        write_boot(note, now);
    close(fd);
}
