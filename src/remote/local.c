// SPDX-License-Identifier: Apache-2.0
/*
 * Checks directories of this machine that a file remote leads to: nothing that is read of them may
 * be below the repository root, which contains all private repositories. Follows symbolic links,
 * and mounts that show a directory twice.
 */
#include "remote/local.h"

#include <errno.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/time.h"

/* A mount: the directory @a root of the file system @a dev is visible at @a point. */
typedef struct mount_t {
    dev_t dev;
    const char *root, *point;
} mount_t;

rc_err_t *rc_local_refuse(const rc_local_t *look, const char *what)
{
    return rc_err_failed(look->pool, "remote address: %s %s", look->url->path, what);
}

static bool is_below(const char *path, const char *folder)
{
    apr_size_t len = strlen(folder);

    if (len == 1)
        return true;
    return strncmp(path, folder, len) == 0 && (path[len] == '/' || path[len] == '\0');
}

/* ---- mounts ---- */

/* mountinfo writes blanks and other special characters as \ooo. */
static const char *unescape(char *text)
{
    char *to = text, *from;

    for (from = text; *from; to++)
        if (*from == '\\' && strspn(from + 1, "01234567") >= 3) {
            *to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0'));
            from += 4;
        } else
            *to = *from++;
    *to = '\0';
    return text;
}

static void add_mount(apr_array_header_t *mounts, char *line)
{
    unsigned major, minor;
    char *root, *point, *rest;
    mount_t *mount;

    if (sscanf(line, "%*u %*u %u:%u", &major, &minor) != 2)
        return;
    if (!(root = strstr(line, " /")) || !(point = strchr(root + 1, ' ')) ||
        !(rest = strchr(point + 1, ' ')))
        return;
    *point = *rest = '\0';
    mount = apr_array_push(mounts);
    mount->dev = makedev(major, minor);
    mount->root = unescape(root + 1);
    mount->point = unescape(point + 1);
}

static const apr_array_header_t *read_mounts(apr_pool_t *pool)
{
    apr_array_header_t *mounts = apr_array_make(pool, 32, sizeof(mount_t));
    FILE *file = fopen("/proc/self/mountinfo", "re");
    char *line = NULL;
    size_t size = 0;

    while (file && getline(&line, &size, file) > 0)
        add_mount(mounts, apr_pstrdup(pool, line));
    free(line);
    if (file)
        fclose(file);
    return mounts;
}

/* Returns @a path as a path on its own file system. */
static const char *path_in_fs(dev_t *dev, const rc_local_t *look, const char *path)
{
    const mount_t *best = NULL;
    int i;

    for (i = 0; i < look->mounts->nelts; i++) {
        const mount_t *mount = &APR_ARRAY_IDX(look->mounts, i, mount_t);

        if (is_below(path, mount->point) &&
            (!best ||
             strlen(mount->point) >= strlen(best->point))) /* later mounts hide earlier ones */
            best = mount;
    }
    if (!best)
        return NULL;
    *dev = best->dev;
    path += strlen(best->point) == 1 ? 0 : strlen(best->point);
    return apr_pstrcat(look->pool, strcmp(best->root, "/") ? best->root : "", *path ? path : "/",
                       NULL);
}

/* True when @a path is, or is below, the directory @a root of the file system @a dev. */
static bool shows(const rc_local_t *look, const char *path, dev_t dev, const char *root)
{
    dev_t path_dev;
    const char *in_fs = path_in_fs(&path_dev, look, path);

    return in_fs && root && path_dev == dev && is_below(in_fs, root);
}

/* True when the resolved @a path is below the repository root, under any name. */
static bool is_forbidden(const rc_local_t *look, const char *path)
{
    dev_t dev = 0;
    const char *root = path_in_fs(&dev, look, look->forbidden);
    int i;

    if (is_below(path, look->forbidden) || shows(look, path, dev, root))
        return true;
    for (i = 0; i < look->mounts->nelts;
         i++) { /* a file system that is mounted below the root is part of it */
        const mount_t *mount = &APR_ARRAY_IDX(look->mounts, i, mount_t);

        if (is_below(mount->point, look->forbidden) && shows(look, path, mount->dev, mount->root))
            return true;
    }
    return false;
}

/* ---- one place ---- */

rc_err_t *rc_local_resolve(const char **real, const rc_local_t *look, const char *path)
{
    char text[PATH_MAX];

    *real = NULL;
    if (!realpath(path, text))
        return errno == ENOENT || errno == ENOTDIR ? NULL
                                                   : rc_local_refuse(look, "cannot be examined");
    if (is_forbidden(look, text))
        return rc_local_refuse(look, "leads below the repository root");
    *real = apr_pstrdup(look->pool, text);
    return NULL;
}

/* Accepts a symbolic link to a missing file in the same directory, as HEAD to an unborn branch. */
static rc_err_t *check_loose_end(const rc_local_t *look, const char *path)
{
    char text[PATH_MAX];
    ssize_t len = readlink(path, text, sizeof(text) - 1);

    text[len < 0 ? 0 : len] = '\0';
    if (len <= 0 || text[0] == '/' || strstr(text, ".."))
        return rc_local_refuse(look, "has a link to a missing file");
    return NULL;
}

/* Checks one entry: follows symbolic links, rejects special and unreadable files. */
static rc_err_t *check_entry(const rc_local_t *look, const FTSENT *entry)
{
    const char *real;

    switch (entry->fts_info) {
    case FTS_SL:
        RC_TRY(rc_local_resolve(&real, look, entry->fts_path));
        return real ? NULL : check_loose_end(look, entry->fts_path);
    case FTS_DEFAULT:
        return rc_local_refuse(look, "holds a special file");
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return entry->fts_errno == ENOENT ? NULL : rc_local_refuse(look, "cannot be read");
    default:
        return NULL;
    }
}

static rc_err_t *check_mounts(const rc_local_t *look, const char *folder)
{
    int i;

    for (i = 0; i < look->mounts->nelts; i++) {
        const char *point = APR_ARRAY_IDX(look->mounts, i, mount_t).point;

        if (strcmp(point, folder) != 0 && is_below(point, folder))
            return rc_local_refuse(look, "contains a mount point");
    }
    return NULL;
}

/* Opened walks are read at least once, else the C library leaks their first entry. */
rc_err_t *rc_local_check_tree(const rc_local_t *look, const char *folder)
{
    char *const paths[] = {apr_pstrdup(look->pool, folder), NULL};
    rc_err_t *err = NULL;
    FTSENT *entry;
    FTS *walk;

    RC_TRY(check_mounts(look, folder));
    walk = fts_open(paths, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    while (walk && !err && (entry = fts_read(walk))) {
        err = check_entry(look, entry);
        if (!err && rc_clock() >= look->deadline)
            err = rc_local_refuse(look, "takes too long to check");
    }
    if (!walk)
        return rc_local_refuse(look, "cannot be read");
    fts_close(walk);
    return err;
}

rc_err_t *rc_local_begin(rc_local_t **out, const rc_remote_policy_t *policy,
                         const rc_remote_url_t *url, apr_time_t deadline, apr_pool_t *pool)
{
    rc_local_t *look = apr_pcalloc(pool, sizeof(*look));
    char root[PATH_MAX];

    *out = NULL;
    if (url->host || !policy->forbidden)
        return NULL;
    if (!realpath(policy->forbidden, root))
        return rc_err_internal(pool, errno, "cannot find %s", policy->forbidden);
    look->url = url;
    look->forbidden = apr_pstrdup(pool, root);
    look->mounts = read_mounts(pool);
    look->deadline = deadline;
    look->pool = pool;
    *out = look;
    return NULL;
}
