// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the httpd of a test: the folder in RCAPI_NFS, and what is below it, behaves as if
 * it were on NFS. statfs says so; other machines see no lock of a directory; an exclusive lock of a
 * file needs the right to write; renames have no flags. The server's clock is RCAPI_NFS_BEHIND
 * seconds behind.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <time.h>
#include <unistd.h>

#define NFS 0x6969

#define FILES 65536

static int local[FILES]; /* of a descriptor of a directory: the one that holds its lock; 0: none */

static int is_there(const char *path)
{
    const char *root = getenv("RCAPI_NFS");

    return root && !strncmp(path, root, strlen(root));
}

static int is_open_there(int fd)
{
    char name[64], path[PATH_MAX];
    ssize_t len;

    snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
    len = readlink(name, path, sizeof(path) - 1);
    path[len > 0 ? len : 0] = '\0';
    return is_there(path);
}

int statfs(const char *path, struct statfs *fs)
{
    int (*real)(const char *, struct statfs *) =
        (int (*)(const char *, struct statfs *))dlsym(RTLD_NEXT, "statfs");
    int n = real(path, fs);

    if (!n && is_there(path))
        fs->f_type = NFS;
    return n;
}

static int real_flock(int fd, int how)
{
    return ((int (*)(int, int))dlsym(RTLD_NEXT, "flock"))(fd, how);
}

static int real_close(int fd)
{
    static int (*real)(int);

    if (!real)
        real = (int (*)(int))dlsym(RTLD_NEXT, "close");
    return real(fd);
}

/* The lock is on a file with the number of the directory, until the directory is closed. */
static int lock_here(int fd, int how, ino_t number)
{
    const char *folder = getenv("RCAPI_NFS_LOCAL");
    char path[PATH_MAX];
    int file, n;

    if (!folder || fd >= FILES)
        return 0;
    snprintf(path, sizeof(path), "%s/%lu", folder, (unsigned long)number);
    if ((file = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0600)) < 0)
        return -1;
    if (real_flock(file, how)) {
        n = errno;
        real_close(file);
        errno = n;
        return -1;
    }
    local[fd] = file;
    return 0;
}

int flock(int fd, int how)
{
    struct stat st;

    if (!is_open_there(fd) || fstat(fd, &st))
        return real_flock(fd, how);
    if (S_ISDIR(st.st_mode))
        return lock_here(fd, how, st.st_ino);
    if (how & LOCK_EX && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    return real_flock(fd, how);
}

int close(int fd)
{
    if (fd > 0 && fd < FILES && local[fd]) {
        real_close(local[fd]);
        local[fd] = 0;
    }
    return real_close(fd);
}

int renameat2(int old_fd, const char *old_name, int new_fd, const char *new_name,
              unsigned int flags)
{
    if (!flags)
        return renameat(old_fd, old_name, new_fd, new_name);
    if (!is_open_there(old_fd)) {
        int (*real)(int, const char *, int, const char *, unsigned int) =
            (int (*)(int, const char *, int, const char *, unsigned int))dlsym(RTLD_NEXT,
                                                                               "renameat2");
        return real(old_fd, old_name, new_fd, new_name, flags);
    }
    errno = EINVAL;
    return -1;
}

int utimensat(int dir, const char *name, const struct timespec times[2], int flags)
{
    int (*real)(int, const char *, const struct timespec *, int) =
        (int (*)(int, const char *, const struct timespec *, int))dlsym(RTLD_NEXT, "utimensat");
    const char *behind = getenv("RCAPI_NFS_BEHIND");
    struct timespec now[2];

    if (!behind || times || !is_there(name))
        return real(dir, name, times, flags);
    clock_gettime(CLOCK_REALTIME, now);
    now->tv_sec -= atoi(behind);
    now[1] = now[0];
    return real(dir, name, now, flags);
}
