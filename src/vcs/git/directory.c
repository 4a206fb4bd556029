// SPDX-License-Identifier: Apache-2.0
/*
 * The directory of a git repository: making an empty one.
 */
#include "git.h"

#include <sys/stat.h>

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
