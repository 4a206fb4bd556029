// SPDX-License-Identifier: Apache-2.0
/*
 * The git back end: libgit2's settings, opening and making repositories, its row in the table.
 */
#include "objects.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_strings.h>

#include "base/fs.h"
#include "base/versions.h"

/* For the process, all handles together. */
#define MAPPED_LIMIT ((size_t)4 << 30)   /* bytes of packs mapped at a time */
#define FILE_LIMIT   ((size_t)128)       /* packs open at a time; libgit2's default is no limit */
#define CACHE_LIMIT  ((ssize_t)32 << 20) /* bytes of small objects kept */

static rc_err_t *set_search_paths(apr_pool_t *pool)
{
    int level;

    /* Else diffs fail where HOME is unreadable, and answers depend on the server's user. */
    for (level = GIT_CONFIG_LEVEL_PROGRAMDATA; level <= GIT_CONFIG_LEVEL_GLOBAL; level++)
        if (git_libgit2_opts(GIT_OPT_SET_SEARCH_PATH, level, "") < 0)
            return rc_git_err(pool, "cannot empty libgit2's search path %d", level);
    return NULL;
}

static int users; /* of the library: settings of servers in this process */

static apr_status_t end_library(void *unused)
{
    (void)unused;
    if (!__atomic_sub_fetch(&users, 1, __ATOMIC_ACQ_REL))
        rc_git_share_clear();
    git_libgit2_shutdown();
    return APR_SUCCESS;
}

/* What all open repositories of the process share ends with the process: the settings of one server
 * may go before those of another. */
static rc_err_t *start_shared(void)
{
    static apr_pool_t *process;

    if (process)
        return NULL;
    apr_pool_create(&process, NULL);
    RC_TRY(rc_git_packs_startup(process));
    return rc_git_share_startup(process);
}

static rc_err_t *startup(apr_pool_t *pool)
{
    if (git_libgit2_init() < 0)
        return rc_git_err(pool, "cannot start libgit2");
    __atomic_add_fetch(&users, 1, __ATOMIC_ACQ_REL);
    apr_pool_cleanup_register(pool, NULL, end_library, apr_pool_cleanup_null);
    RC_TRY(set_search_paths(pool));
    RC_TRY(start_shared());
    RC_TRY(rc_git_mapped_startup(pool));
    /* git does not hash what it reads either; zlib's checksum stays. */
    if (git_libgit2_opts(GIT_OPT_ENABLE_STRICT_HASH_VERIFICATION, 0) < 0 ||
        /* The administrator names the repositories; whose they are does not matter. */
        git_libgit2_opts(GIT_OPT_SET_OWNER_VALIDATION, 0) < 0 ||
        git_libgit2_opts(GIT_OPT_SET_MWINDOW_FILE_LIMIT, FILE_LIMIT) < 0 ||
        git_libgit2_opts(GIT_OPT_SET_MWINDOW_MAPPED_LIMIT, MAPPED_LIMIT) < 0 ||
        git_libgit2_opts(GIT_OPT_SET_PACK_MAX_OBJECT_SIZE, RC_GIT_OBJECT_LIMIT) < 0 ||
        git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, CACHE_LIMIT) < 0 ||
        git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_BLOB, (size_t)0) < 0 ||
        /* A walk over the history would fill the cache with commits nobody asks for again. */
        git_libgit2_opts(GIT_OPT_SET_CACHE_OBJECT_LIMIT, GIT_OBJECT_COMMIT, (size_t)0) < 0)
        return rc_git_err(pool, "cannot set up libgit2");
    rc_version_add("libgit2", LIBGIT2_VERSION);
    return NULL;
}

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

/* HEAD may be a link, as old versions of git made it, to a branch that is packed. */
static bool has_head(const rc_git_t *git)
{
    char path[4096];
    struct stat st;

    if (apr_snprintf(path, sizeof(path), "%s/HEAD", git->path) >= (int)sizeof(path) - 1)
        return false;
    return !lstat(path, &st) && (S_ISREG(st.st_mode) || S_ISLNK(st.st_mode));
}

static bool stat_directory(const rc_git_t *git, struct stat *st)
{
    return !stat(git->path, st) && S_ISDIR(st->st_mode) && has_head(git);
}

static void close_repo(void *repo)
{
    rc_git_t *git = repo;

    rc_git_rest(git);
    rc_git_share_leave(git->shared);
    rc_git_shut(git);
    free(git->path);
    free(git);
}

/* To git that is no repository, so it is not an empty one to us either. */
static rc_err_t *check_directory(rc_git_t *git, apr_pool_t *pool)
{
    const char *refs = apr_pstrcat(pool, git->path, "/refs", NULL);
    struct stat st, inner;

    if (access(git->path, R_OK | X_OK) || stat(refs, &inner))
        return rc_fs_err(pool, "open the repository", git->path);
    /* Before anything is opened: if the directory is replaced meanwhile, the next reuse sees it. */
    if (!stat_directory(git, &st) || !S_ISDIR(inner.st_mode))
        return rc_err_internal(pool, APR_ENOENT, "cannot open the repository %s", git->path);
    git->dev = st.st_dev;
    git->ino = st.st_ino;
    return rc_git_check_format(git->path, pool);
}

static rc_err_t *open_repo(void **repo, const char *path, apr_pool_t *pool)
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
        close_repo(git);
        return err;
    }
    *repo = git;
    return NULL;
}

static bool reuse(void *repo)
{
    rc_git_t *git = repo;
    struct stat st;

    /* A failed rc_git_reopen leaves no library side. */
    return git->odb && stat_directory(git, &st) && st.st_dev == git->dev && st.st_ino == git->ino &&
           rc_git_watch_same(git->packs, git->packs_taken);
}

static void set_work(void *repo, rc_work_t *work)
{
    ((rc_git_t *)repo)->work = work;
}

static void drop_cache(const char *path, apr_pool_t *pool)
{
    const char *git_dir = rc_git_dir(path, pool);

    rc_git_share_forget(path);
    rc_git_order_forget(git_dir, pool);
}

static void rest(void *repo)
{
    rc_git_rest(repo);
}

static rc_err_t *refresh(rc_vcs_t *vcs)
{
    return rc_git_refresh(vcs->repo, true, vcs->pool);
}

const rc_backend_t rc_git_backend = {
    .type = "git",
    .startup = startup,
    .create = rc_git_create,
    .copy = rc_git_copy,
    .forget = rc_git_share_forget,
    .known_state = rc_git_known_state,
    .drop_cache = drop_cache,
    .check_head = rc_git_check_head,
    .repair_head = rc_git_repair_head,
    .open = open_repo,
    .reuse = reuse,
    .rest = rest,
    .set_work = set_work,
    .close = close_repo,
    .refresh = refresh,
    .state = rc_git_state,
    .count = rc_git_count,
    .resolve = rc_git_resolve,
    .commit = rc_git_commit,
    .id_at = rc_git_id_at,
    .place = rc_git_position,
    .series = rc_git_series,
    .time = rc_git_time,
    .index_of = rc_git_index_of,
    .import = rc_git_import,
    .files = rc_git_files,
    .changes = rc_git_changes,
    .stat = rc_git_stat,
    .nodes = rc_git_nodes,
    .entry = rc_git_entry,
    .content = rc_git_content,
    .diff_files = rc_git_diff_files,
    .export = rc_git_export,
    .refs = rc_git_refs,
    .diff = rc_git_diff,
    .mail = rc_git_mail,
    .check_refs = rc_git_check_refs,
    .strip = rc_git_strip,
};
