// SPDX-License-Identifier: Apache-2.0
/*
 * Checks file remotes: nothing that git would read of one may be below the repository root, which
 * contains all private repositories. It checks the repository in each place where git searches for
 * it, the targets of .git files, commondir, alternates and symbolic links, and mounts that show a
 * directory twice.
 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <fts.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/time.h"

#define MAX_SMALL (64 * 1024) /* bytes of a file that names directories */
#define MAX_DEPTH 8           /* length of a chain of repositories */

/* A mount: the directory @a root of the file system @a dev is visible at @a point. */
typedef struct mount_t {
    dev_t dev;
    const char *root, *point;
} mount_t;

typedef struct look_t {
    const rc_remote_url_t *url;
    const char *forbidden; /* the repository root, resolved */
    const apr_array_header_t *mounts;
    apr_time_t deadline;
    apr_pool_t *pool;
} look_t;

static rc_err_t *refuse_path(const look_t *look, const char *what)
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
static const char *path_in_fs(dev_t *dev, const look_t *look, const char *path)
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
static bool shows(const look_t *look, const char *path, dev_t dev, const char *root)
{
    dev_t path_dev;
    const char *in_fs = path_in_fs(&path_dev, look, path);

    return in_fs && root && path_dev == dev && is_below(in_fs, root);
}

/* True when the resolved @a path is below the repository root, under any name. */
static bool is_forbidden(const look_t *look, const char *path)
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

/* Resolves symbolic links in @a path; NULL when it leads nowhere. */
static rc_err_t *resolve_links(const char **real, const look_t *look, const char *path)
{
    char text[PATH_MAX];

    *real = NULL;
    if (!realpath(path, text))
        return errno == ENOENT || errno == ENOTDIR ? NULL : refuse_path(look, "cannot be examined");
    if (is_forbidden(look, text))
        return refuse_path(look, "leads below the repository root");
    *real = apr_pstrdup(look->pool, text);
    return NULL;
}

/* Reads a small file as text; NULL when it does not exist. */
static rc_err_t *read_small(const char **text, const look_t *look, const char *path)
{
    char *buffer = apr_palloc(look->pool, MAX_SMALL + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len;

    *text = NULL;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? NULL : refuse_path(look, "cannot be read");
    len = read(fd, buffer, MAX_SMALL + 1);
    close(fd);
    if (len < 0 || len > MAX_SMALL)
        return refuse_path(look, "has an invalid file");
    buffer[len] = '\0';
    *text = buffer;
    return NULL;
}

/* Accepts a symbolic link to a missing file in the same directory, as HEAD to an unborn branch. */
static rc_err_t *check_loose_end(const look_t *look, const char *path)
{
    char text[PATH_MAX];
    ssize_t len = readlink(path, text, sizeof(text) - 1);

    text[len < 0 ? 0 : len] = '\0';
    if (len <= 0 || text[0] == '/' || strstr(text, ".."))
        return refuse_path(look, "has a link to a missing file");
    return NULL;
}

/* Checks one entry: follows symbolic links, rejects special and unreadable files. */
static rc_err_t *check_entry(const look_t *look, const FTSENT *entry)
{
    const char *real;

    switch (entry->fts_info) {
    case FTS_SL:
        RC_TRY(resolve_links(&real, look, entry->fts_path));
        return real ? NULL : check_loose_end(look, entry->fts_path);
    case FTS_DEFAULT:
        return refuse_path(look, "holds a special file");
    case FTS_DNR:
    case FTS_ERR:
    case FTS_NS:
        return entry->fts_errno == ENOENT ? NULL : refuse_path(look, "cannot be read");
    default:
        return NULL;
    }
}

static rc_err_t *check_mounts(const look_t *look, const char *folder)
{
    int i;

    for (i = 0; i < look->mounts->nelts; i++) {
        const char *point = APR_ARRAY_IDX(look->mounts, i, mount_t).point;

        if (strcmp(point, folder) != 0 && is_below(point, folder))
            return refuse_path(look, "contains a mount point");
    }
    return NULL;
}

/* Opened walks are read at least once, else the C library leaks their first entry. */
static rc_err_t *check_tree(const look_t *look, const char *folder)
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
            err = refuse_path(look, "takes too long to check");
    }
    if (!walk)
        return refuse_path(look, "cannot be read");
    fts_close(walk);
    return err;
}

/* ---- references to other places ---- */

static rc_err_t *check_place(const look_t *look, const char *path, int depth);

static const char *from_folder(const look_t *look, const char *folder, const char *path)
{
    return *path == '/' ? path : apr_pstrcat(look->pool, folder, "/", path, NULL);
}

/* Checks the alternates of the directory of objects @a objects, recursively. */
static rc_err_t *check_alternates(const look_t *look, const char *objects, int depth)
{
    const char *list = apr_pstrcat(look->pool, objects, "/info/alternates", NULL), *text, *real;
    char *line, *last;

    if (depth > MAX_DEPTH)
        return refuse_path(look, "leads through too many repositories");
    RC_TRY(read_small(&text, look, list));
    if (!text)
        return NULL;
    line = apr_strtok(apr_pstrdup(look->pool, text), "\n", &last);
    for (; line; line = apr_strtok(NULL, "\n", &last)) {
        if (*line == '#')
            continue;
        if (*line == '"')
            return refuse_path(look, "has quoted alternates");
        RC_TRY(resolve_links(&real, look, from_folder(look, objects, line)));
        if (!real)
            continue;
        RC_TRY(check_tree(look, real));
        RC_TRY(check_alternates(look, real, depth + 1));
    }
    return NULL;
}

/* Checks a .git file: "gitdir: <path>". A bundle, or any other file, leads nowhere. */
static rc_err_t *check_git_file(const look_t *look, const char *path, int depth)
{
    const char *folder = apr_pstrmemdup(look->pool, path, (apr_size_t)(strrchr(path, '/') - path));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char text[PATH_MAX + 16];
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    text[len < 0 ? 0 : len] = '\0';
    if (strncmp(text, "gitdir: ", 8) != 0)
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    return check_place(look, from_folder(look, folder, text + 8), depth + 1);
}

static rc_err_t *check_repository(const look_t *look, const char *path, int depth)
{
    const char *text, *objects = apr_pstrcat(look->pool, path, "/objects", NULL), *real;

    RC_TRY(check_tree(look, path));
    RC_TRY(read_small(&text, look, apr_pstrcat(look->pool, path, "/commondir", NULL)));
    if (text) {
        char *to = apr_pstrdup(look->pool, text);

        to[strcspn(to, "\r\n")] = '\0';
        RC_TRY(check_place(look, from_folder(look, path, to), depth + 1));
    }
    RC_TRY(resolve_links(&real, look, objects));
    return real ? check_alternates(look, real, depth) : NULL;
}

/* Checks whatever is at @a path: nothing, a repository, a .git file. */
static rc_err_t *check_place(const look_t *look, const char *path, int depth)
{
    const char *real;
    struct stat info;

    if (depth > MAX_DEPTH)
        return refuse_path(look, "leads through too many repositories");
    RC_TRY(resolve_links(&real, look, path));
    if (!real || stat(real, &info) < 0)
        return NULL;
    if (S_ISREG(info.st_mode))
        return check_git_file(look, real, depth);
    if (!S_ISDIR(info.st_mode))
        return refuse_path(look, "is a special file");
    if (!rc_fs_exists(apr_pstrcat(look->pool, real, "/HEAD", NULL)))
        return NULL; /* git does not accept it as a repository */
    return check_repository(look, real, depth);
}

rc_err_t *rc_git_check_remote(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_time_t deadline, apr_pool_t *pool)
{
    static const char *const places[] = {"/.git", "", ".git/.git", ".git"}; /* where git searches */
    look_t look = {.url = url, .deadline = deadline, .pool = pool};
    char root[PATH_MAX];
    apr_size_t i;

    if (url->host || !policy->forbidden)
        return NULL;
    if (!realpath(policy->forbidden, root))
        return rc_err_internal(pool, errno, "cannot find %s", policy->forbidden);
    look.forbidden = root;
    look.mounts = read_mounts(pool);
    for (i = 0; i < sizeof(places) / sizeof(places[0]); i++)
        RC_TRY(check_place(&look, apr_pstrcat(pool, url->plain, places[i], NULL), 0));
    return NULL;
}
