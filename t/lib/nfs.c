// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the httpd of a test: the folder in RCAPI_NFS, and what is below it, behaves as if
 * it were on NFS. statfs says so; other machines see no lock of a directory; an exclusive lock of a
 * file needs the right to write; renames have no flags.
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
#include <unistd.h>

#define NFS 0x6969

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

int flock(int fd, int how)
{
    int (*real)(int, int) = (int (*)(int, int))dlsym(RTLD_NEXT, "flock");
    struct stat st;

    if (!is_open_there(fd) || fstat(fd, &st))
        return real(fd, how);
    if (S_ISDIR(st.st_mode))
        return 0;
    if (how & LOCK_EX && (fcntl(fd, F_GETFL) & O_ACCMODE) == O_RDONLY) {
        errno = EBADF;
        return -1;
    }
    return real(fd, how);
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
