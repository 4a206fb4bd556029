// SPDX-License-Identifier: Apache-2.0
/*
 * Copies files. Where the file system can, both share their blocks.
 */
#include "base/fs.h"

#include <fcntl.h>
#include <limits.h>
#include <unistd.h>

static bool copy_bytes(int in, int out)
{
    char buf[64 * 1024];
    ssize_t n;

    while ((n = copy_file_range(in, NULL, out, NULL, SSIZE_MAX / 2, 0)) > 0)
        ;
    if (n == 0)
        return true;
    while ((n = read(in, buf, sizeof(buf))) > 0) /* across file systems, on old kernels */
        if (write(out, buf, (size_t)n) != n)
            return false;
    return n == 0;
}

rc_err_t *rc_fs_copy(const char *from, const char *to, int flags, apr_pool_t *pool)
{
    struct stat st;
    int in = rc_fs_open_regular(&st, from, flags);
    int out = in < 0 ? -1 : open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    bool ok = out >= 0 && copy_bytes(in, out);
    rc_err_t *err = ok ? NULL : rc_fs_err(pool, "copy", from);

    if (in >= 0)
        close(in);
    if (out >= 0)
        close(out);
    return err;
}
