// SPDX-License-Identifier: Apache-2.0
/*
 * Opens a git repository, decides whether an open one can be used again, and closes it.
 */
#include "table.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/hex.h"

/* HEAD may be a symbolic link to a packed branch, as old versions of git made it. */
static bool has_head(const rc_git_t *git)
{
    char path[4096];
    struct stat st;

    if (apr_snprintf(path, sizeof(path), "%s/HEAD", git->path) >= (int)sizeof(path) - 1)
        return false;
    return !lstat(path, &st) && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
}

void rc_git_close(void *repo)
{
    rc_git_t *git = repo;

    rc_git_rest(git);
    rc_git_share_leave(git->shared);
    rc_git_shut(git);
    free(git->path);
    free(git);
}

/* Rejects what git does not accept as a repository; it must not appear as an empty one. */
static rc_err_t *check_directory(rc_git_t *git, apr_pool_t *pool)
{
    const char *refs = apr_pstrcat(pool, git->path, "/refs", NULL);
    struct stat st, inner;

    if (access(git->path, R_OK | X_OK) || stat(refs, &inner))
        return rc_fs_err(pool, "open the repository", git->path);
    /* Taken before anything is opened: if the directory is replaced meanwhile, the next use detects
     * it. */
    if (stat(git->path, &st) || !S_ISDIR(st.st_mode) || !has_head(git) || !S_ISDIR(inner.st_mode))
        return rc_err_internal(pool, APR_ENOENT, "cannot open the repository %s", git->path);
    git->dev = st.st_dev;
    git->ino = st.st_ino;
    return rc_git_check_format(git->path, pool);
}

rc_err_t *rc_git_open(void **repo, const char *path, apr_pool_t *pool)
{
    rc_git_t *git = calloc(1, sizeof(*git));
    rc_err_t *err;

    if (git)
        git->path = strdup(rc_git_dir(path, pool));
    if (!git || !git->path) {
        free(git);
        return rc_err_internal(pool, APR_ENOMEM, "cannot open the repository %s", path);
    }
    err = check_directory(git, pool);
    if (!err && !(git->shared = rc_git_share_enter(git)))
        err = rc_err_internal(pool, APR_ENOMEM, "cannot open the repository %s", path);
    if (!err)
        err = rc_git_reopen(git, pool);
    if (err) {
        rc_git_close(git);
        return err;
    }
    *repo = git;
    return NULL;
}

bool rc_git_reuse(void *repo)
{
    rc_git_t *git = repo;
    bool same;

    /* After a failed rc_git_reopen nothing is open in libgit2. */
    same = git->odb && rc_git_is_in_place(git) && rc_stamps_same(git->packs);
    if (!same)
        rc_git_memo_drop(git->shared);
    return same;
}

void rc_git_set_work(void *repo, rc_work_t *work)
{
    ((rc_git_t *)repo)->work = work;
}

/* Returns the state of the directory at the path, when it is known and has not changed. */
static const char *current_state(rc_git_t *git, apr_pool_t *pool)
{
    struct stat st;

    if (stat(git->path, &st) || !S_ISDIR(st.st_mode))
        return NULL;
    git->dev = st.st_dev;
    git->ino = st.st_ino;
    return rc_git_share_state(git, pool);
}

/* Whether what git needs is in the directory. Its own rights are the matter of those who open it.
 */
static bool has_parts(const rc_git_t *git, apr_pool_t *pool)
{
    struct stat st;

    return has_head(git) && !stat(apr_pstrcat(pool, git->path, "/refs", NULL), &st) &&
           S_ISDIR(st.st_mode) && !rc_git_check_format(git->path, pool);
}

/* Reads the references of a repository without their objects. True when their state is @a told. */
static bool read_told(rc_git_t *git, const char *told, apr_pool_t *pool)
{
    rc_git_refs_t *refs;
    bool same;

    if (rc_git_refs_read_once(&refs, git, pool))
        return false;
    same = !strcmp(rc_hex_text(refs->state, RC_GIT_RAW, pool), told);
    if (same)
        rc_git_share_told(git->shared, refs);
    rc_git_refs_free(refs);
    return same;
}

/* Whether a reference leads to a commit was known when the state @a told was made, and ids are
 * those of the contents for ever. So when the files name the same references and ids, the state is
 * the same, and no object is read. Anything else, and each failure, is for those who open it. */
const char *rc_git_known_state(const char *path, const char *told, apr_pool_t *pool)
{
    rc_git_t git = {.path = apr_pstrdup(pool, path)};
    const char *state = current_state(&git, pool), *git_dir;

    if (state)
        return state; /* so it has no directory .git: that belongs to what was read of it */
    git_dir = rc_git_dir(path, pool);
    if (git_dir != path) {
        git.path = apr_pstrdup(pool, git_dir);
        state = current_state(&git, pool);
    }
    if (state || !has_parts(&git, pool) || !(git.shared = rc_git_share_enter(&git)))
        return state;
    if (read_told(&git, told, pool))
        state = told;
    rc_git_share_leave(git.shared);
    return state;
}
