// SPDX-License-Identifier: Apache-2.0
/*
 * Detects a git repository in a directory, reads its description, and creates an empty one.
 */
#include "git.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include "base/fs.h"

rc_err_t *rc_git_create(const char *path, apr_pool_t *pool)
{
    git_repository_init_options options;
    git_repository *repo = NULL;
    struct stat st;

    if (git_repository_init_options_init(&options, GIT_REPOSITORY_INIT_OPTIONS_VERSION) < 0)
        return rc_git_err(pool, "cannot make a repository at %s", path);
    if (!lstat(path, &st))
        return rc_err_internal(pool, APR_EEXIST, "cannot make a repository at %s", path);
    options.flags =
        GIT_REPOSITORY_INIT_BARE | GIT_REPOSITORY_INIT_MKPATH | GIT_REPOSITORY_INIT_NO_REINIT;
    options.initial_head = "master";
    if (git_repository_init_ext(&repo, path, &options) < 0)
        return rc_git_err(pool, "cannot make a repository at %s", path);
    git_repository_free(repo);
    return NULL;
}

/* --- detection --- */

static bool has(const char *path, const char *name, apr_pool_t *pool)
{
    return rc_fs_exists(apr_pstrcat(pool, path, "/", name, NULL));
}

/* A directory called HEAD is a repository of that name in a group. */
static bool has_head(const char *path, apr_pool_t *pool)
{
    struct stat st;

    return !lstat(apr_pstrcat(pool, path, "/HEAD", NULL), &st) && !S_ISDIR(st.st_mode);
}

static bool has_folders(const char *path, apr_pool_t *pool)
{
    return has(path, "objects", pool) && has(path, "refs", pool);
}

rc_found_t rc_git_detect(const char **why, const char *path, apr_pool_t *pool)
{
    const char *inner = apr_pstrcat(pool, path, "/.git", NULL);
    bool head = has_head(path, pool), folders = has_folders(path, pool);

    if ((head && folders) || (has_head(inner, pool) && has_folders(inner, pool)))
        return RC_FOUND_REPOSITORY;
    if (head && has(path, "objects", pool))
        *why = "a git repository without its folder refs: was it left out of a backup as empty? "
               "mkdir makes it anew";
    else if (head && has(path, "refs", pool))
        *why = "a git repository without its folder objects: restore it from a backup";
    if (*why)
        return RC_FOUND_UNUSABLE;
    return folders || has_folders(inner, pool) ? RC_FOUND_DAMAGED : RC_FOUND_NOTHING;
}

bool rc_git_is_gone(const char *path, apr_pool_t *pool)
{
    return rc_fs_is_missing(apr_pstrcat(pool, path, "/HEAD", NULL)) &&
           rc_fs_is_missing(apr_pstrcat(pool, path, "/.git/HEAD", NULL));
}

/* Reads the description; git's standard text for a new repository counts as none. */
const char *rc_git_description(const char *path, apr_pool_t *pool)
{
    const char *const places[] = {"/description", "/.git/description"};
    char line[1024];
    int i;

    for (i = 0; i < 2; i++) {
        FILE *file = fopen(apr_pstrcat(pool, path, places[i], NULL), "re");
        size_t len = file ? fread(line, 1, sizeof(line) - 1, file) : 0;
        const char *text = line;

        if (file)
            fclose(file);
        while (len && isspace((unsigned char)line[len - 1]))
            len--;
        line[len] = '\0';
        while (isspace((unsigned char)*text))
            text++;
        if (*text && strncmp(text, "Unnamed repository", 18))
            return apr_pstrdup(pool, text);
    }
    return NULL;
}

bool rc_git_is_in_place(const rc_git_t *git)
{
    struct stat st;

    return !stat(git->path, &st) && st.st_dev == git->dev && st.st_ino == git->ino;
}

rc_err_t *rc_git_check_place(const rc_git_t *git, apr_pool_t *pool)
{
    return rc_git_is_in_place(git)
               ? NULL
               : rc_err_internal(pool, APR_ENOENT, "the repository %s was moved", git->path);
}
