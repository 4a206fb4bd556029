// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the options of NFS mounts from /proc/self/mountinfo (proc(5)), where default values are not
 * listed; compares the clock of the server.
 */
#include "base/nfs.h"

#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include <apr_strings.h>

#define MAGIC 0x6969

/* A fault is an option that is there, or with `missing` one that is not. */
static const struct {
    const char *const options[3]; /* any of these */
    bool missing;
    const char *text;
} faults[] = {
    {{"soft", "softerr"}, false, "soft loses writes: use hard"},
    {{"nolock"}, false, "nolock: locks do not reach the server"},
    {{"local_lock=flock", "local_lock=all"}, false, "local_lock: locks do not reach the server"},
    {{"vers=2", "vers=3"}, false, "use vers=4.1 or later"},
    {{"vers=4.0"}, false, "use vers=4.1 or later"},
    {{"acregmax=0", "noac"}, true, "acregmax=0 is missing"},
    {{"acdirmax=0", "noac"}, true, "acdirmax=0 is missing"},
};

bool rc_nfs_is(const char *path)
{
    struct statfs fs;

    return !statfs(path, &fs) && fs.f_type == MAGIC;
}

static bool has_option(const char *options, const char *option)
{
    apr_size_t len = strlen(option);
    const char *at;

    for (at = options; (at = strstr(at, option)); at += len)
        if ((at == options || at[-1] == ',') && (!at[len] || at[len] == ','))
            return true;
    return false;
}

static bool has_any(const char *options, const char *const *wanted)
{
    while (*wanted)
        if (has_option(options, *wanted++))
            return true;
    return false;
}

const char *rc_nfs_option_faults(const char *options, apr_pool_t *pool)
{
    const char *found = NULL;
    apr_size_t i;

    for (i = 0; i < sizeof(faults) / sizeof(*faults); i++)
        if (has_any(options, faults[i].options) != faults[i].missing)
            found = found ? apr_pstrcat(pool, found, "; ", faults[i].text, NULL) : faults[i].text;
    return found;
}

/* A line: ID PARENT MAJOR:MINOR ROOT PLACE OPTIONS [TAGS...] - TYPE SOURCE OPTIONS. */
static const char *options_of(char *line, const char *device)
{
    char *field = strstr(line, device), *end = strstr(line, " - ");

    if (!field || !end || field > end || !(end = strrchr(end, ' ')))
        return NULL;
    end[strcspn(end, "\n")] = '\0';
    return end + 1;
}

const char *rc_nfs_faults(const char *path, apr_pool_t *pool)
{
    FILE *mounts = fopen("/proc/self/mountinfo", "re");
    const char *options = NULL, *device;
    char line[4096];
    struct stat st;

    if (!mounts)
        return NULL;
    if (!stat(path, &st)) {
        device = apr_psprintf(pool, " %u:%u ", major(st.st_dev), minor(st.st_dev));
        while (!options && fgets(line, sizeof(line), mounts))
            options = options_of(line, device);
    }
    fclose(mounts);
    return options ? rc_nfs_option_faults(options, pool) : NULL;
}

/* Who asks for the present time is given the server's. */
apr_time_t rc_nfs_behind(const char *path)
{
    apr_time_t before = apr_time_now(), there;
    struct stat st;

    if (utimensat(AT_FDCWD, path, NULL, 0) || stat(path, &st))
        return 0;
    there = apr_time_make(st.st_mtim.tv_sec, st.st_mtim.tv_nsec / 1000);
    return before > there ? before - there : 0;
}
