// SPDX-License-Identifier: Apache-2.0
/*
 * Removes files from the cache: the least recently used ones, what a crash left, and all that is
 * older than the last boot of the machine.
 */
#include "sweep.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>
#include <apr_tables.h>

#include "base/text.h"
#include "part.h"

/* All are listed whenever one is added; a client without blobs fetches many small files. */
#define MOST_FILES 10000

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

        if (strncmp(entry->d_name, RC_PART_PREFIX, strlen(RC_PART_PREFIX)) || lstat(name, &st) ||
            !S_ISREG(st.st_mode))
            continue;
        if (rc_text_ends(name, RC_PART_SUFFIX)) {
            remove_if_left(name);
            continue;
        }
        kept.used = st.st_mtim;
        total += kept.size = st.st_size;
        APR_ARRAY_PUSH(files, kept_t) = kept;
    }
    return total;
}

void rc_cache_sweep(const rc_cache_t *cache, apr_off_t max, apr_pool_t *pool)
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
    for (i = 0; i < files->nelts && (total > max || files->nelts - i > MOST_FILES); i++) {
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
    rc_cache_sweep(cache, 0, pool);
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
        rc_cache_sweep(cache, cache->max, pool);
}
