// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the httpd of a test: programs of the test stand at places of the system's git and
 * hg. While such a program does not exist, nothing stands there.
 */
#include <dlfcn.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#define COUNT(a) (sizeof(a) / sizeof(*(a)))

/* git has one before the system's, hg one at all of its places. */
static const struct {
    const char *path, *variable;
} places[] = {
    {"/usr/local/bin/git", "RCAPI_OTHER_GIT"},
    {"/usr/local/sbin/hg", "RCAPI_OTHER_HG"},
    {"/usr/local/bin/hg", "RCAPI_OTHER_HG"},
    {"/usr/sbin/hg", "RCAPI_OTHER_HG"},
    {"/usr/bin/hg", "RCAPI_OTHER_HG"},
    {"/sbin/hg", "RCAPI_OTHER_HG"},
    {"/bin/hg", "RCAPI_OTHER_HG"},
};

/* Returns the path that is meant. */
static const char *meant(const char *path)
{
    const char *other;
    size_t i;

    for (i = 0; i < COUNT(places); i++)
        if (!strcmp(path, places[i].path) && (other = getenv(places[i].variable)))
            return other;
    return path;
}

int access(const char *path, int mode)
{
    int (*real)(const char *, int) = dlsym(RTLD_NEXT, "access");

    return real(meant(path), mode);
}

int stat(const char *path, struct stat *st)
{
    int (*real)(const char *, struct stat *) = dlsym(RTLD_NEXT, "stat");

    return real(meant(path), st);
}

int open(const char *path, int flags, ...)
{
    int (*real)(const char *, int, ...) = dlsym(RTLD_NEXT, "open");
    va_list more;
    mode_t mode;

    va_start(more, flags);
    mode = flags & (O_CREAT | O_TMPFILE) ? va_arg(more, mode_t) : 0;
    va_end(more);
    return real(meant(path), flags, mode);
}

int execve(const char *path, char *const argv[], char *const env[])
{
    int (*real)(const char *, char *const[], char *const[]) = dlsym(RTLD_NEXT, "execve");

    return real(meant(path), argv, env);
}
