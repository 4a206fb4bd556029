// SPDX-License-Identifier: Apache-2.0
/*
 * Counts packs and loose objects, and decides from that whether a repository needs maintenance.
 */
#include "tally.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "table.h"
#include "base/fs.h"
#include "base/text.h"

/* When maintenance is due, contract 06 §3. */
#define MANY_PACKS 50
#define MANY_LOOSE 5000
#define LARGE_PACK ((apr_off_t)1 << 20) /* bytes; from here on a pack deserves a bitmap */

static bool is_kept(int dir, const char *pack)
{
    char keep[NAME_MAX + 1];
    struct stat st;

    snprintf(keep, sizeof(keep), "%.*s.keep", (int)(strlen(pack) - strlen(".pack")), pack);
    return !fstatat(dir, keep, &st, AT_SYMLINK_NOFOLLOW);
}

static void count_pack(rc_git_object_count_t *tally, int dir, const char *name)
{
    struct stat st;

    tally->bitmap = tally->bitmap || rc_text_ends(name, ".bitmap");
    if (!rc_text_ends(name, ".pack") || fstatat(dir, name, &st, 0))
        return;
    tally->packs += !is_kept(dir, name);
    tally->bytes += st.st_size;
    if (st.st_size > tally->largest)
        tally->largest = st.st_size;
}

static bool is_loose_name(const char *name)
{
    return strlen(name) == GIT_OID_HEXSZ - 2 && strspn(name, "0123456789abcdef") == strlen(name);
}

/* Opens a directory below @a path; NULL when it does not exist or cannot be read. */
static DIR *open_dir(const char *path, const char *name, apr_pool_t *pool)
{
    return opendir(apr_pstrcat(pool, path, "/", name, NULL));
}

static void count_loose(rc_git_object_count_t *tally, DIR *dir, int most)
{
    struct dirent *entry;
    struct stat st;

    while ((!most || tally->loose <= most) && (entry = readdir(dir)))
        if (is_loose_name(entry->d_name)) {
            tally->loose++;
            if (!most && !fstatat(dirfd(dir), entry->d_name, &st, AT_SYMLINK_NOFOLLOW))
                tally->bytes += st.st_size;
        }
}

static bool is_loose_dir(const char *name)
{
    return strlen(name) == 2 && strspn(name, "0123456789abcdef") == 2;
}

/* Looks only at the directories that exist: after a repack there are few. */
static rc_err_t *count_all_loose(rc_git_object_count_t *tally, const char *git_dir, int most,
                                 apr_pool_t *pool)
{
    DIR *all = open_dir(git_dir, "objects", pool), *dir;
    struct dirent *entry;

    if (!all)
        return errno == ENOENT ? NULL : rc_fs_err(pool, "read the objects of", git_dir);
    while ((!most || tally->loose <= most) && (entry = readdir(all))) {
        int fd = is_loose_dir(entry->d_name)
                     ? openat(dirfd(all), entry->d_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC)
                     : -1;

        if (fd < 0)
            continue;
        if ((dir = fdopendir(fd))) {
            count_loose(tally, dir, most);
            closedir(dir);
        } else {
            close(fd);
        }
    }
    closedir(all);
    return NULL;
}

rc_err_t *rc_git_count_objects(rc_git_object_count_t *tally, const char *git_dir, int most,
                               apr_pool_t *pool)
{
    DIR *dir = open_dir(git_dir, "objects/pack", pool);
    struct dirent *entry;

    *tally = (rc_git_object_count_t){0};
    if (!dir && errno != ENOENT)
        return rc_fs_err(pool, "read the packs of", git_dir);
    while (dir && (entry = readdir(dir)))
        count_pack(tally, dirfd(dir), entry->d_name);
    if (dir)
        closedir(dir);
    RC_TRY(count_all_loose(tally, git_dir, most, pool));
    tally->borrows = rc_fs_exists(apr_pstrcat(pool, git_dir, "/objects/info/alternates", NULL));
    return NULL;
}

/* git writes no bitmap for a repository that borrows objects or lacks some. */
static bool wants_bitmap(const rc_git_object_count_t *tally, const char *git_dir, apr_pool_t *pool)
{
    return tally->largest >= LARGE_PACK && !tally->bitmap && !tally->borrows &&
           !rc_fs_exists(apr_pstrcat(pool, git_dir, "/shallow", NULL));
}

rc_err_t *rc_git_needs_maintenance(bool *needed, const char *path, apr_pool_t *pool)
{
    const char *git_dir = rc_git_dir(path, pool);
    rc_git_object_count_t tally;

    *needed = false;
    RC_TRY(rc_git_count_objects(&tally, git_dir, MANY_LOOSE, pool));
    *needed =
        tally.packs > MANY_PACKS || tally.loose > MANY_LOOSE || wants_bitmap(&tally, git_dir, pool);
    return NULL;
}
