// SPDX-License-Identifier: Apache-2.0
/*
 * Records times, sizes and inodes of files, by which a later check can see whether the data read
 * from them is still valid.
 */
#include "git.h"

#include <dirent.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

/* File times are as coarse as the kernel's tick, so a change just after a check may leave the time
 * unchanged. A file that was checked so soon after a change is read again the next time. */
#define RACY apr_time_from_msec(100)

/* maximum of pack files that are watched per repository */
#define MOST_PACK_FILES 64

typedef struct watch_t {
    const char *path;
    apr_int64_t mtime; /* nanoseconds; -1: missing */
    apr_int64_t size;
    apr_uint64_t inode;
} watch_t;

static void look_at(watch_t *watch, const char *path)
{
    struct stat st;

    watch->path = path;
    watch->mtime = -1;
    watch->size = 0;
    watch->inode = 0;
    if (stat(path, &st))
        return;
    watch->mtime = (apr_int64_t)st.st_mtim.tv_sec * 1000000000 + st.st_mtim.tv_nsec;
    watch->size = S_ISDIR(st.st_mode) ? 0 : (apr_int64_t)st.st_size;
    watch->inode = (apr_uint64_t)st.st_ino;
}

apr_array_header_t *rc_git_watch_list(apr_pool_t *pool)
{
    return apr_array_make(pool, 4, sizeof(watch_t));
}

void rc_git_watch(apr_array_header_t *list, const char *path)
{
    look_at(apr_array_push(list), path);
}

bool rc_git_watch_same(const apr_array_header_t *list, apr_time_t taken)
{
    int i;

    for (i = 0; i < list->nelts; i++) {
        const watch_t *before = &APR_ARRAY_IDX(list, i, watch_t);
        watch_t now;

        if (before->mtime / 1000 > taken - RACY)
            return false;
        look_at(&now, before->path);
        if (now.mtime != before->mtime || now.size != before->size || now.inode != before->inode)
            return false;
    }
    return true;
}

static bool is_pack_file(const char *name)
{
    const char *dot = strrchr(name, '.');

    return dot && (!strcmp(dot, ".pack") || !strcmp(dot, ".idx"));
}

void rc_git_watch_packs(apr_array_header_t *list, const char *git_dir)
{
    const char *path = apr_pstrcat(list->pool, git_dir, "/objects/pack", NULL);
    DIR *dir;
    struct dirent *entry;

    rc_git_watch(list, path);
    rc_git_watch(list, apr_pstrcat(list->pool, git_dir, "/objects/info/alternates", NULL));
    rc_git_watch(list,
                 apr_pstrcat(list->pool, git_dir, "/config", NULL)); /* it states the format */
    if (!(dir = opendir(path)))
        return;
    while (list->nelts <= MOST_PACK_FILES && (entry = readdir(dir)))
        if (is_pack_file(entry->d_name))
            rc_git_watch(list, apr_pstrcat(list->pool, path, "/", entry->d_name, NULL));
    closedir(dir);
}
