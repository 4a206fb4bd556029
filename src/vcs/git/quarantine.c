// SPDX-License-Identifier: Apache-2.0
/*
 * Creates, measures, publishes and removes quarantines. The repository is created by hand, from
 * four directories and three files, so that no template or configuration of the machine affects it.
 */
#include "quarantine.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_lib.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/log.h"
#include "base/text.h"

#define PACK_NAME    45 /* pack-<40 hex digits> */
#define LOOSE_NAME   38 /* the rest of the 40 digits */
#define REMOVE_FDS   16
#define REMOVE_TRIES 20

/* ---- making ---- */

static rc_err_t *make_dir(const char *base, const char *name, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, base, "/", name, NULL);

    if (mkdir(path, 0700) < 0)
        return rc_fs_err(pool, "make", path);
    return NULL;
}

static rc_err_t *make_file(const char *base, const char *name, const char *text, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, base, "/", name, NULL);
    apr_file_t *file;
    apr_status_t rv;

    rv = apr_file_open(&file, path, APR_WRITE | APR_CREATE | APR_EXCL, APR_OS_DEFAULT, pool);
    if (rv == APR_SUCCESS) {
        apr_status_t closed;

        rv = apr_file_write_full(file, text, strlen(text), NULL);
        closed = apr_file_close(file);
        rv = rv == APR_SUCCESS ? closed : rv;
    }
    return rv == APR_SUCCESS ? NULL : rc_err_internal(pool, rv, "cannot write %s", path);
}

static rc_err_t *fill(const char *path, const char *repo_path, apr_pool_t *pool)
{
    static const char *const dirs[] = {"objects", "objects/info", "objects/pack", "refs"};
    apr_size_t i;

    if (strchr(repo_path, '\n'))
        return rc_err_internal(pool, APR_SUCCESS, "newline in the path of a repository");
    for (i = 0; i < sizeof(dirs) / sizeof(dirs[0]); i++)
        RC_TRY(make_dir(path, dirs[i], pool));
    RC_TRY(make_file(path, "HEAD", "ref: refs/heads/master\n", pool));
    RC_TRY(
        make_file(path, "config", "[core]\n\trepositoryformatversion = 0\n\tbare = true\n", pool));
    return make_file(path, "objects/info/alternates",
                     apr_pstrcat(pool, repo_path, "/objects\n", NULL), pool);
}

rc_err_t *rc_quarantine_make(const char **path, const char *work_dir, const char *repo_path,
                             apr_pool_t *pool)
{
    char *made = apr_pstrcat(pool, work_dir, "/fetch-XXXXXX", NULL);
    rc_err_t *err;

    *path = NULL;
    if (!mkdtemp(made))
        return rc_err_internal(pool, errno, "cannot make a folder in %s", work_dir);
    err = fill(made, repo_path, pool);
    if (err)
        rc_quarantine_remove(made);
    else
        *path = made;
    return err;
}

/* ---- measuring ---- */

/* Returns the size of the files in directory @a name below @a dir_fd, without indexes. A directory
 * that vanishes counts as empty. */
static apr_off_t dir_size(int dir_fd, const char *name)
{
    int fd = openat(dir_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *dir = fd >= 0 ? fdopendir(fd) : NULL;
    struct dirent *entry;
    struct stat info;
    apr_off_t size = 0;

    if (!dir && fd >= 0)
        close(fd);
    if (!dir)
        return 0;
    while ((entry = readdir(dir)))
        if (!rc_text_ends(entry->d_name, ".idx") && !rc_text_ends(entry->d_name, ".rev") &&
            fstatat(fd, entry->d_name, &info, AT_SYMLINK_NOFOLLOW) == 0 && S_ISREG(info.st_mode))
            size += info.st_size;
    closedir(dir);
    return size;
}

/* Returns the number of directories of loose objects; adds the size of their files and of the packs
 * to *@a size. */
static int loose_dirs(const char *path, apr_off_t *size)
{
    char objects[PATH_MAX];
    char name[3];
    int i, found = 0, fd;

    if (snprintf(objects, sizeof(objects), "%s/objects", path) >= (int)sizeof(objects))
        return 0;
    if ((fd = open(objects, O_RDONLY | O_DIRECTORY | O_CLOEXEC)) < 0)
        return 0;
    for (i = 0; i < 256; i++) {
        struct stat info;

        snprintf(name, sizeof(name), "%02x", (unsigned)i);
        if (fstatat(fd, name, &info, AT_SYMLINK_NOFOLLOW) < 0)
            continue;
        found++;
        *size += dir_size(fd, name);
    }
    *size += dir_size(fd, "pack");
    close(fd);
    return found;
}

apr_off_t rc_quarantine_size(const char *path)
{
    apr_off_t size = 0;

    loose_dirs(path, &size);
    return size;
}

bool rc_quarantine_has_loose(const char *path)
{
    apr_off_t size = 0;

    return loose_dirs(path, &size) > 0;
}

/* ---- publishing ---- */

static rc_err_t *sync_path(const char *path, apr_pool_t *pool)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    int error = 0;

    if (fd < 0)
        return rc_err_internal(pool, errno, "cannot open %s", path);
    if (fsync(fd) < 0)
        error = errno;
    close(fd);
    return error ? rc_err_internal(pool, error, "cannot sync %s", path) : NULL;
}

/* A pack's name is a hash of its content, so an existing file of this name is the same pack. */
static rc_err_t *move_file(const char *from_dir, const char *to_dir, const char *name,
                           apr_pool_t *pool)
{
    const char *from = apr_pstrcat(pool, from_dir, "/", name, NULL);
    const char *to = apr_pstrcat(pool, to_dir, "/", name, NULL);

    RC_TRY(sync_path(from, pool));
    if (link(from, to) < 0 && errno != EEXIST)
        return rc_err_internal(pool, errno, "cannot move %s to %s", from, to);
    return NULL;
}

/* Moves the .idx file last, because readers search for it. */
static rc_err_t *move_pack(const char *from_dir, const char *to_dir, const char *pack,
                           apr_pool_t *pool)
{
    static const struct {
        const char *suffix;
        bool needed;
    } parts[] = {{".pack", true}, {".rev", false}, {".bitmap", false}, {".idx", true}};
    apr_size_t i;

    for (i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
        const char *name = apr_pstrcat(pool, pack, parts[i].suffix, NULL);
        const char *from = apr_pstrcat(pool, from_dir, "/", name, NULL);

        if (parts[i].needed || access(from, F_OK) == 0)
            RC_TRY(move_file(from_dir, to_dir, name, pool));
    }
    return NULL;
}

/* Returns "pack-<40 hex digits>" when @a file is the index of a pack, else NULL. */
static const char *pack_of(const char *file, apr_pool_t *pool)
{
    int i;

    if (strncmp(file, "pack-", 5) != 0 || strlen(file) != PACK_NAME + 4 ||
        strcmp(file + PACK_NAME, ".idx") != 0)
        return NULL;
    for (i = 5; i < PACK_NAME; i++)
        if (!apr_isxdigit(file[i]))
            return NULL;
    return apr_pstrmemdup(pool, file, PACK_NAME);
}

rc_err_t *rc_quarantine_publish(const char *path, const char *repo_path, apr_pool_t *pool)
{
    const char *from = apr_pstrcat(pool, path, "/objects/pack", NULL);
    const char *to = apr_pstrcat(pool, repo_path, "/objects/pack", NULL);
    DIR *dir = opendir(from);
    struct dirent *entry;
    rc_err_t *err = NULL;
    bool moved = false;

    if (!dir)
        return rc_err_internal(pool, errno, "cannot read %s", from);
    while (!err && (entry = readdir(dir))) {
        const char *pack = pack_of(entry->d_name, pool);

        if (pack)
            err = move_pack(from, to, pack, pool);
        moved = moved || pack;
    }
    closedir(dir);
    return !err && moved ? sync_path(to, pool) : err;
}

/* ---- publishing loose objects ---- */

static bool is_hex(const char *name, apr_size_t len)
{
    return strlen(name) == len && strspn(name, "0123456789abcdef") == len;
}

/* Moves the objects of one directory, whose name is two digits. */
static rc_err_t *move_loose(const char *from_dir, const char *to_dir, apr_pool_t *pool)
{
    DIR *dir = opendir(from_dir);
    struct dirent *entry;
    rc_err_t *err = NULL;

    if (!dir)
        return rc_err_internal(pool, errno, "cannot read %s", from_dir);
    if (mkdir(to_dir, 0755) < 0 && errno != EEXIST)
        err = rc_fs_err(pool, "make", to_dir);
    while (!err && (entry = readdir(dir)))
        if (is_hex(entry->d_name, LOOSE_NAME))
            err = move_file(from_dir, to_dir, entry->d_name, pool);
    closedir(dir);
    return err ? err : sync_path(to_dir, pool);
}

rc_err_t *rc_quarantine_publish_loose(const char *path, const char *repo_path, apr_pool_t *pool)
{
    const char *from = apr_pstrcat(pool, path, "/objects/", NULL);
    const char *to = apr_pstrcat(pool, repo_path, "/objects/", NULL);
    DIR *dir = opendir(from);
    struct dirent *entry;
    rc_err_t *err = NULL;

    if (!dir)
        return rc_err_internal(pool, errno, "cannot read %s", from);
    while (!err && (entry = readdir(dir)))
        if (is_hex(entry->d_name, 2))
            err = move_loose(apr_pstrcat(pool, from, entry->d_name, NULL),
                             apr_pstrcat(pool, to, entry->d_name, NULL), pool);
    closedir(dir);
    return err ? err : sync_path(to, pool);
}

/* ---- removing ---- */

static int remove_entry(const char *path, const struct stat *info, int type, struct FTW *ftw)
{
    (void)info;
    (void)type;
    (void)ftw;
    return remove(path);
}

/* Tries several times, because a killed grandchild may still write for a moment. */
void rc_quarantine_remove(const char *path)
{
    struct timespec pause = {.tv_nsec = 25 * 1000 * 1000};
    int tries, error = 0;

    for (tries = 0; tries < REMOVE_TRIES; tries++) {
        if (nftw(path, remove_entry, REMOVE_FDS, FTW_DEPTH | FTW_PHYS) == 0)
            return;
        error = errno;
        if (error == ENOENT && access(path, F_OK) < 0)
            return;
        nanosleep(&pause, NULL);
    }
    rc_log(RC_LOG_WARNING, error, "cannot remove %s", path);
}
