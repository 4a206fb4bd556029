// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a process die before its n-th system call that changes a file or takes a lock: set calls to
 * 0 and die_at to n. All these calls run through this file, because the program's own functions
 * replace those of libc.
 */
#ifndef DYING_H
#define DYING_H

#include <fcntl.h>
#include <stdbool.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#define DIED 77

static long calls, die_at = -1;
static __attribute__((unused)) bool sync_fails; /* as on a disk with errors */

static __attribute__((unused)) void tick(void)
{
    if (calls++ == die_at)
        _exit(DIED);
}

#define SHOWN __attribute__((visibility("default")))
#define CALL(name, args, ...)                                                                      \
    SHOWN int name args;                                                                           \
    int name args                                                                                  \
    {                                                                                              \
        tick();                                                                                    \
        return (int)syscall(__VA_ARGS__);                                                          \
    }
#define CALL_SIZE(name, args, ...)                                                                 \
    SHOWN ssize_t name args;                                                                       \
    ssize_t name args                                                                              \
    {                                                                                              \
        tick();                                                                                    \
        return syscall(__VA_ARGS__);                                                               \
    }

CALL(renameat2, (int a, const char *b, int c, const char *d, unsigned e), SYS_renameat2, a, b, c, d,
     e)
CALL(rename, (const char *a, const char *b), SYS_renameat2, AT_FDCWD, a, AT_FDCWD, b, 0)
CALL(unlink, (const char *a), SYS_unlinkat, AT_FDCWD, a, 0)
CALL(rmdir, (const char *a), SYS_unlinkat, AT_FDCWD, a, AT_REMOVEDIR)
CALL(unlinkat, (int a, const char *b, int c), SYS_unlinkat, a, b, c)
CALL(mkdirat, (int a, const char *b, mode_t c), SYS_mkdirat, a, b, c)
CALL(mkdir, (const char *a, mode_t b), SYS_mkdirat, AT_FDCWD, a, b)
/* Tests kill processes, not machines: nothing needs to reach the disk, which saves a minute. */
CALL(fsync, (int a), SYS_fcntl, sync_fails ? -1 : a, F_SETFD, FD_CLOEXEC)
CALL(fdatasync, (int a), SYS_fcntl, sync_fails ? -1 : a, F_SETFD, FD_CLOEXEC)
CALL(flock, (int a, int b), SYS_flock, a, b)
CALL_SIZE(write, (int a, const void *b, size_t c), SYS_write, a, b, c)
CALL_SIZE(pwrite64, (int a, const void *b, size_t c, off_t d), SYS_pwrite64, a, b, c, d)

#endif
