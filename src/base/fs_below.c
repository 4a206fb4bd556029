// SPDX-License-Identifier: Apache-2.0
/*
 * Renames files and creates directories below a root directory. Paths are opened name by name and
 * no link is followed, so nothing outside the root can change.
 */
#include "base/fs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

/* Returns the part of @a path after @a root and a slash; NULL when it is not below the root. */
static const char *behind(const char *root, const char *path)
{
    size_t len = strlen(root);

    return strncmp(path, root, len) || path[len] != '/' ? NULL : path + len + 1;
}

bool rc_fs_is_below(const char *root, const char *path)
{
    const char *name = behind(root, path), *slash;

    for (; name; name = (slash = strchr(name, '/')) ? slash + 1 : NULL) {
        size_t len = strcspn(name, "/");

        if (!len || (len <= 2 && !strncmp(name, "..", len)))
            return false;
    }
    return behind(root, path) != NULL;
}

/* Opens the directory @a name of @a parent, and closes @a parent; -1 with errno set. */
static int step_into(int parent, const char *name, bool make)
{
    int fd = -1, n;

    if (!make || !mkdirat(parent, name, 0700) || errno == EEXIST)
        fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
    n = errno;
    close(parent);
    errno = n;
    return fd;
}

/* Opens the directory that contains @a path; -1 with errno set. *@a name is the last name of the
 * path. */
static int open_parent(const char **name, const char *root, const char *path, bool make,
                       apr_pool_t *pool)
{
    char *rest, *slash;
    int fd;

    if (!rc_fs_is_below(root, path)) {
        errno = EXDEV;
        return -1;
    }
    rest = apr_pstrdup(pool, behind(root, path));
    fd = open(root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    for (; fd >= 0 && (slash = strchr(rest, '/')); rest = slash + 1) {
        *slash = '\0';
        fd = step_into(fd, rest, make);
    }
    *name = rest;
    return fd;
}

/* Returns RC_E_FAILED when the name itself is the problem, else RC_E_INTERNAL. */
static rc_err_t *explain(int n, const char *what, const char *path, apr_pool_t *pool)
{
    if (n == EEXIST || n == ENOTDIR || n == ELOOP || n == ENAMETOOLONG)
        return rc_err_failed(pool, "cannot %s %s: %s", what, path, strerror(n));
    return rc_fs_status(pool, APR_FROM_OS_ERROR(n), what, path);
}

/* Renames to a name that is free. NFS cannot promise that: there the name is looked up before.
 * Renames of repositories run one at a time, in write transactions. */
static int rename_to_free(int old_fd, const char *old_name, int new_fd, const char *new_name)
{
    struct stat st;

    if (!renameat2(old_fd, old_name, new_fd, new_name, RENAME_NOREPLACE))
        return 0;
    if (errno != EINVAL)
        return errno;
    if (!fstatat(new_fd, new_name, &st, AT_SYMLINK_NOFOLLOW))
        return EEXIST;
    return errno == ENOENT && !renameat(old_fd, old_name, new_fd, new_name) ? 0 : errno;
}

rc_err_t *rc_fs_rename_below(const char *root, const char *from, const char *to, bool make,
                             apr_pool_t *pool)
{
    const char *old_name, *new_name;
    int old_fd = open_parent(&old_name, root, from, false, pool), new_fd, n;

    if (old_fd < 0)
        return explain(errno, "rename", from, pool);
    new_fd = open_parent(&new_name, root, to, make, pool);
    n = new_fd < 0 ? errno : rename_to_free(old_fd, old_name, new_fd, new_name);
    close(old_fd);
    if (new_fd >= 0)
        close(new_fd);
    return n ? explain(n, "rename to", to, pool) : NULL;
}

rc_err_t *rc_fs_make_below(const char *root, const char *path, apr_pool_t *pool)
{
    const char *name;
    int fd = open_parent(&name, root, path, true, pool);

    if (fd >= 0)
        fd = step_into(fd, name, true);
    if (fd < 0)
        return explain(errno, "create", path, pool);
    close(fd);
    return NULL;
}

void rc_fs_rmdir_below(const char *root, const char *path, apr_pool_t *pool)
{
    const char *name;
    int fd = open_parent(&name, root, path, false, pool);

    if (fd < 0)
        return;
    unlinkat(fd, name, AT_REMOVEDIR);
    close(fd);
}
