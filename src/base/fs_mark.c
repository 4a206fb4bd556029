// SPDX-License-Identifier: Apache-2.0
/*
 * Marks directories for other processes: a mark is a lock of one byte of a file, whose position
 * follows from the directory's inode. So a mark needs no file of its own, and the kernel removes it
 * with its holder. The device is not part of it, because each machine has its own number for a file
 * system that they share. Two directories with one position share their marks.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <sys/stat.h>
#include <unistd.h>

static bool position(off_t *at, const char *dir)
{
    struct stat st;
    uint64_t hash;

    if (stat(dir, &st))
        return false;
    hash = (uint64_t)st.st_ino * 0x9e3779b97f4a7c15u;
    *at = (off_t)(hash >> 3);
    return true;
}

static int open_marks(const char *marks)
{
    return open(marks, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
}

static apr_status_t close_marks(void *data)
{
    close((int)(intptr_t)data);
    return APR_SUCCESS;
}

rc_err_t *rc_fs_mark(const char *marks, const char *dir, apr_pool_t *pool)
{
    struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET, .l_len = 1};
    int fd, error;

    if (!position(&lock.l_start, dir))
        return NULL;
    if ((fd = open_marks(marks)) < 0)
        return rc_fs_err(pool, "open", marks);
    if (fcntl(fd, F_OFD_SETLK, &lock)) {
        error = errno;
        close(fd);
        return rc_fs_status(pool, error, "lock", marks);
    }
    apr_pool_cleanup_register(pool, (void *)(intptr_t)fd, close_marks, apr_pool_cleanup_null);
    return NULL;
}

bool rc_fs_is_marked(const char *marks, const char *dir)
{
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET, .l_len = 1};
    int fd;
    bool marked;

    if (!position(&lock.l_start, dir) || (fd = open_marks(marks)) < 0)
        return false;
    marked = !fcntl(fd, F_OFD_GETLK, &lock) && lock.l_type != F_UNLCK;
    close(fd);
    return marked;
}
