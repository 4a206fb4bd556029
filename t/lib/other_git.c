// SPDX-License-Identifier: Apache-2.0
/*
 * Preloaded into the httpd of a test: a program of the test, $RCAPI_OTHER_GIT, is what stands at
 * /usr/local/bin/git, before the system's git; while it does not exist, nothing stands there.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Returns the path that is meant. */
static const char *meant(const char *path)
{
    const char *other = getenv("RCAPI_OTHER_GIT");

    return other && !strcmp(path, "/usr/local/bin/git") ? other : path;
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

int execve(const char *path, char *const argv[], char *const env[])
{
    int (*real)(const char *, char *const[], char *const[]) = dlsym(RTLD_NEXT, "execve");

    return real(meant(path), argv, env);
}
