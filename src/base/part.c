// SPDX-License-Identifier: Apache-2.0
/*
 * Locks parts of cache entries, and shows them to readers while they grow.
 *
 * Locks are of open files (F_OFD_SETLK): byte 0 for the maker, byte 1 shared among readers. The
 * mode of an unlocked part tells its readers how it ended, even when it has another name, or none.
 */
#include "part.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#define COMPLETE 0400
#define FAILED   0200

enum { MAKER, READERS }; /* bytes that are locked */

static bool lock_byte(int fd, short type, int byte)
{
    struct flock lock = {
        .l_type = type, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1, .l_pid = 0};

    return fcntl(fd, F_OFD_SETLK, &lock) == 0;
}

/* Returns whether another open file holds a lock on the byte. */
static bool is_locked(int fd, int byte)
{
    struct flock lock = {
        .l_type = F_WRLCK, .l_whence = SEEK_SET, .l_start = byte, .l_len = 1, .l_pid = 0};

    return fcntl(fd, F_OFD_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

static bool is_named(int fd, const char *path)
{
    struct stat held, named;

    return !fstat(fd, &held) && !lstat(path, &named) && held.st_dev == named.st_dev &&
           held.st_ino == named.st_ino;
}

bool rc_part_lock(int fd, const char *path)
{
    if (!lock_byte(fd, F_WRLCK, MAKER))
        return false;
    if (is_named(fd, path))
        return true;
    errno = EWOULDBLOCK; /* another request has finished and renamed it */
    return false;
}

int rc_part_open_append(int part, const char *path)
{
    int fd = open(path, O_WRONLY | O_APPEND | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);

    if (fd < 0 || is_named(part, path))
        return fd;
    close(fd);
    errno = ESTALE;
    return -1;
}

bool rc_part_is_followed(int fd)
{
    return is_locked(fd, READERS);
}

void rc_part_unlock(int fd)
{
    lock_byte(fd, F_UNLCK, MAKER);
}

void rc_part_end(int fd, rc_part_state_t state)
{
    bool told = state == RC_PART_LEFT || !fchmod(fd, state == RC_PART_COMPLETE ? COMPLETE : FAILED);

    (void)told; /* else readers see a part that was left */
    rc_part_unlock(fd);
}

int rc_part_follow(const char *path)
{
    int fd = open(path, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    int why;

    if (fd < 0 || lock_byte(fd, F_RDLCK, READERS))
        return fd;
    why = errno;
    close(fd);
    errno = why;
    return -1;
}

void rc_part_unfollow(int fd)
{
    lock_byte(fd, F_UNLCK, READERS);
}

rc_part_state_t rc_part_look(int fd)
{
    struct stat st;

    if (is_locked(fd, MAKER))
        return RC_PART_GROWS;
    if (fstat(fd, &st))
        return RC_PART_LEFT;
    switch (st.st_mode & 07777) {
    case COMPLETE:
        return RC_PART_COMPLETE;
    case FAILED:
        return RC_PART_FAILED;
    default:
        return RC_PART_LEFT;
    }
}
