// SPDX-License-Identifier: Apache-2.0
/*
 * Reads files that another account may have created: only regular files, up to a size, without
 * blocking on a pipe. Maps files of this process.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

#include <apr_portable.h>

int rc_fs_open_regular(struct stat *st, const char *path, int flags)
{
    return rc_fs_open_regular_in(st, AT_FDCWD, path, flags);
}

int rc_fs_open_regular_in(struct stat *st, int dir, const char *name, int flags)
{
    int fd = openat(dir, name, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY | flags);

    if (fd < 0 && errno == ESTALE && dir != AT_FDCWD)
        errno = ENOENT; /* as on a local disk: another client of NFS has removed the directory */
    if (fd < 0)
        return -1;
    if (!fstat(fd, st) && S_ISREG(st->st_mode))
        return fd;
    close(fd);
    errno = EINVAL;
    return -1;
}

bool rc_fs_read_full(int fd, void *buf, apr_size_t len)
{
    char *p = buf;

    while (len) {
        ssize_t n = read(fd, p, len);

        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        p += n;
        len -= (apr_size_t)n;
    }
    return true;
}

rc_err_t *rc_fs_read(const char **text, apr_size_t *len, const char *path, int flags,
                     apr_size_t max, apr_pool_t *pool)
{
    struct stat st;
    int fd = rc_fs_open_regular(&st, path, flags);
    char *buf;
    bool done;

    *text = NULL;
    *len = 0;
    if (fd < 0 && errno == ENOENT)
        return NULL;
    if (fd < 0)
        return rc_err_internal(pool, APR_FROM_OS_ERROR(errno), "cannot read %s", path);
    if ((apr_uint64_t)st.st_size > max) {
        close(fd);
        return rc_err_internal(pool, APR_SUCCESS, "%s is too large", path);
    }
    buf = apr_palloc(pool, (apr_size_t)st.st_size + 1);
    done = rc_fs_read_full(fd, buf, (apr_size_t)st.st_size);
    close(fd);
    if (!done)
        return rc_err_internal(pool, APR_SUCCESS, "%s changes while it is read", path);
    buf[st.st_size] = '\0';
    *text = buf;
    *len = (apr_size_t)st.st_size;
    return NULL;
}

typedef struct view_t {
    void *at;
    apr_size_t len;
} view_t;

static apr_status_t end_view(void *data)
{
    const view_t *view = data;

    munmap(view->at, view->len);
    return APR_SUCCESS;
}

rc_err_t *rc_fs_map(const char **data, int fd, apr_size_t len, apr_pool_t *pool)
{
    view_t *view = apr_palloc(pool, sizeof(*view));

    *data = "";
    if (!len)
        return NULL;
    view->len = len;
    view->at = mmap(NULL, len, PROT_READ, MAP_PRIVATE, fd, 0);
    if (view->at == MAP_FAILED)
        return rc_err_internal(pool, APR_FROM_OS_ERROR(errno), "cannot map a file");
    apr_pool_cleanup_register(pool, view, end_view, apr_pool_cleanup_null);
    *data = view->at;
    return NULL;
}

int rc_fs_number(apr_file_t *file)
{
    apr_os_file_t fd = -1;

    if (file)
        apr_os_file_get(&fd, file);
    return fd;
}

rc_err_t *rc_fs_rewind(apr_file_t *file, apr_pool_t *pool)
{
    apr_off_t start = 0;
    apr_status_t rv = apr_file_flush(file);

    if (rv == APR_SUCCESS)
        rv = apr_file_seek(file, APR_SET, &start);
    if (rv == APR_SUCCESS && lseek(rc_fs_number(file), 0, SEEK_SET) < 0)
        rv = errno;
    return rv == APR_SUCCESS ? NULL : rc_err_internal(pool, rv, "cannot rewind a file");
}
