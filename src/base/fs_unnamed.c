// SPDX-License-Identifier: Apache-2.0
/*
 * Creates temporary files that never have a name, so that nothing is left of them when the process
 * is killed, at whatever moment.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#ifndef O_TMPFILE
#define O_TMPFILE O_DIRECTORY /* with O_RDWR: fails */
#endif

int rc_fs_unnamed(char *link, const char *dir)
{
    int fd = open(dir, O_TMPFILE | O_RDWR | O_APPEND | O_CLOEXEC, 0600);

    if (fd < 0)
        return -1;
    snprintf(link, RC_FS_LINK, "/proc/self/fd/%d", fd);
    if (!access(link, R_OK | W_OK))
        return fd;
    close(fd); /* no /proc */
    return -1;
}
