// SPDX-License-Identifier: Apache-2.0
/*
 * Checks file remotes: nothing that git would read of one may be below the repository root, which
 * contains all private repositories. It checks the repository in each place where git searches for
 * it, the targets of .git files, commondir and alternates.
 */
#include "fetch.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "remote/local.h"

#define MAX_SMALL (64 * 1024) /* bytes of a file that names directories */
#define MAX_DEPTH 8           /* length of a chain of repositories */

/* Reads a small file as text; NULL when it does not exist. */
static rc_err_t *read_small(const char **text, const rc_local_t *look, const char *path)
{
    char *buffer = apr_palloc(look->pool, MAX_SMALL + 1);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    ssize_t len;

    *text = NULL;
    if (fd < 0)
        return errno == ENOENT || errno == ENOTDIR ? NULL : rc_local_refuse(look, "cannot be read");
    len = read(fd, buffer, MAX_SMALL + 1);
    close(fd);
    if (len < 0 || len > MAX_SMALL)
        return rc_local_refuse(look, "has an invalid file");
    buffer[len] = '\0';
    *text = buffer;
    return NULL;
}

/* ---- references to other places ---- */

static rc_err_t *check_place(const rc_local_t *look, const char *path, int depth);

static const char *from_folder(const rc_local_t *look, const char *folder, const char *path)
{
    return *path == '/' ? path : apr_pstrcat(look->pool, folder, "/", path, NULL);
}

/* Checks the alternates of the directory of objects @a objects, recursively. */
static rc_err_t *check_alternates(const rc_local_t *look, const char *objects, int depth)
{
    const char *list = apr_pstrcat(look->pool, objects, "/info/alternates", NULL), *text, *real;
    char *line, *last;

    if (depth > MAX_DEPTH)
        return rc_local_refuse(look, "leads through too many repositories");
    RC_TRY(read_small(&text, look, list));
    if (!text)
        return NULL;
    line = apr_strtok(apr_pstrdup(look->pool, text), "\n", &last);
    for (; line; line = apr_strtok(NULL, "\n", &last)) {
        if (*line == '#')
            continue;
        if (*line == '"')
            return rc_local_refuse(look, "has quoted alternates");
        RC_TRY(rc_local_resolve(&real, look, from_folder(look, objects, line)));
        if (!real)
            continue;
        RC_TRY(rc_local_check_tree(look, real));
        RC_TRY(check_alternates(look, real, depth + 1));
    }
    return NULL;
}

/* Checks a .git file: "gitdir: <path>". A bundle, or any other file, leads nowhere. */
static rc_err_t *check_git_file(const rc_local_t *look, const char *path, int depth)
{
    const char *folder = apr_pstrmemdup(look->pool, path, (apr_size_t)(strrchr(path, '/') - path));
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    char text[PATH_MAX + 16];
    ssize_t len = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

    if (fd >= 0)
        close(fd);
    text[len < 0 ? 0 : len] = '\0';
    if (strncmp(text, "gitdir: ", 8) != 0)
        return NULL;
    text[strcspn(text, "\r\n")] = '\0';
    return check_place(look, from_folder(look, folder, text + 8), depth + 1);
}

static rc_err_t *check_repository(const rc_local_t *look, const char *path, int depth)
{
    const char *text, *objects = apr_pstrcat(look->pool, path, "/objects", NULL), *real;

    RC_TRY(rc_local_check_tree(look, path));
    RC_TRY(read_small(&text, look, apr_pstrcat(look->pool, path, "/commondir", NULL)));
    if (text) {
        char *to = apr_pstrdup(look->pool, text);

        to[strcspn(to, "\r\n")] = '\0';
        RC_TRY(check_place(look, from_folder(look, path, to), depth + 1));
    }
    RC_TRY(rc_local_resolve(&real, look, objects));
    return real ? check_alternates(look, real, depth) : NULL;
}

/* Checks whatever is at @a path: nothing, a repository, a .git file. */
static rc_err_t *check_place(const rc_local_t *look, const char *path, int depth)
{
    const char *real;
    struct stat info;

    if (depth > MAX_DEPTH)
        return rc_local_refuse(look, "leads through too many repositories");
    RC_TRY(rc_local_resolve(&real, look, path));
    if (!real || stat(real, &info) < 0)
        return NULL;
    if (S_ISREG(info.st_mode))
        return check_git_file(look, real, depth);
    if (!S_ISDIR(info.st_mode))
        return rc_local_refuse(look, "is a special file");
    if (!rc_fs_exists(apr_pstrcat(look->pool, real, "/HEAD", NULL)))
        return NULL; /* git does not accept it as a repository */
    return check_repository(look, real, depth);
}

rc_err_t *rc_git_check_remote(const rc_remote_policy_t *policy, const rc_remote_url_t *url,
                              apr_time_t deadline, apr_pool_t *pool)
{
    static const char *const places[] = {"/.git", "", ".git/.git", ".git"}; /* where git searches */
    rc_local_t *look;
    apr_size_t i;

    RC_TRY(rc_local_begin(&look, policy, url, deadline, pool));
    for (i = 0; look && i < sizeof(places) / sizeof(places[0]); i++)
        RC_TRY(check_place(look, apr_pstrcat(pool, url->plain, places[i], NULL), 0));
    return NULL;
}
