// SPDX-License-Identifier: Apache-2.0
/*
 * Looks for hooks in a repository: programs that another server of it would run.
 */
#include "vcs/library.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/text.h"

#define TEMPLATE ".tmpl" /* ends the names of examples, which never run */

static bool is_program(const char *folder, const char *name, apr_pool_t *pool)
{
    struct stat st;

    if (rc_text_ends(name, TEMPLATE) || stat(apr_pstrcat(pool, folder, "/", name, NULL), &st))
        return false;
    return S_ISREG(st.st_mode) && st.st_mode & 0111;
}

const char *rc_vcs_find_hook(const char *path, apr_pool_t *pool)
{
    const char *folder = apr_pstrcat(pool, path, "/hooks", NULL), *found = NULL;
    struct dirent *entry;
    DIR *dir = opendir(folder);

    if (!dir) /* a directory that cannot be listed may hold some */
        return errno == ENOENT || errno == ENOTDIR ? NULL : "(unreadable)";
    while (!found && (entry = readdir(dir)))
        if (is_program(folder, entry->d_name, pool))
            found = rc_utf8_repair(apr_pstrdup(pool, entry->d_name), pool);
    closedir(dir);
    return found;
}
