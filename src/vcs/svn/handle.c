// SPDX-License-Identifier: Apache-2.0
/*
 * Opens a Subversion repository, decides whether an open one can be used again, and keeps the trees
 * of the revisions that were used last.
 */
#include "svn.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include <svn_dirent_uri.h>

#include "base/fs.h"

static bool stat_files(struct stat *db, struct stat *uuid, const char *path)
{
    char name[4096];

    if (apr_snprintf(name, sizeof(name), "%s/db/uuid", path) >= (int)sizeof(name) - 1)
        return false;
    if (stat(name, uuid))
        return false;
    name[strlen(name) - strlen("/uuid")] = '\0';
    return !stat(name, db);
}

const char *rc_svn_files_text(const struct stat *uuid, apr_pool_t *pool)
{
    return apr_psprintf(pool, "%" APR_UINT64_T_HEX_FMT ".%" APR_INT64_T_FMT ".%ld",
                        (apr_uint64_t)uuid->st_ino, (apr_int64_t)uuid->st_ctim.tv_sec,
                        uuid->st_ctim.tv_nsec);
}

/* libsvn's cache is the process's, and knows a repository by its UUID and its path only. */
static apr_hash_t *name_in_cache(const struct stat *db, const struct stat *uuid, apr_pool_t *pool)
{
    apr_hash_t *config = apr_hash_make(pool);

    apr_hash_set(config, SVN_FS_CONFIG_FSFS_CACHE_NS, APR_HASH_KEY_STRING,
                 apr_psprintf(pool, "%" APR_UINT64_T_HEX_FMT ".%" APR_UINT64_T_HEX_FMT ".%s",
                              (apr_uint64_t)db->st_dev, (apr_uint64_t)db->st_ino,
                              rc_svn_files_text(uuid, pool)));
    return config;
}

static svn_error_t *open_apart(svn_repos_t **repos, const char *path, const struct stat *db,
                               const struct stat *uuid, apr_pool_t *pool)
{
    return RC_SVN(svn_repos_open3(repos, svn_dirent_internal_style(path, pool),
                                  name_in_cache(db, uuid, pool), pool, pool));
}

static rc_err_t *open_repos(rc_svn_t *svn, apr_pool_t *err_pool)
{
    const char *why = NULL, *path = svn->path;
    rc_found_t found = rc_svn_find(&why, path, svn->pool);

    if (found == RC_FOUND_NOTHING)
        return rc_err_internal(err_pool, APR_ENOENT, "there is no Subversion repository at %s",
                               path);
    if (found != RC_FOUND_REPOSITORY)
        return rc_err_internal(err_pool, APR_SUCCESS, "%s is %s", path, apr_pstrdup(err_pool, why));
    return rc_svn_err(open_apart(&svn->repos, path, &svn->db, &svn->uuid, svn->pool), err_pool,
                      "cannot open the repository %s", path);
}

rc_err_t *rc_svn_lend(void **repository, const char *path, apr_pool_t *pool)
{
    struct stat db, uuid;
    svn_repos_t *repos;

    if (!stat_files(&db, &uuid, path))
        return rc_fs_err(pool, "open the repository", path);
    RC_TRY(rc_svn_err(open_apart(&repos, path, &db, &uuid, pool), pool,
                      "cannot open the repository %s", path));
    *repository = repos;
    return NULL;
}

static void close_root(rc_svn_root_t *slot)
{
    if (slot->pool)
        apr_pool_destroy(slot->pool);
    *slot = (rc_svn_root_t){0, NULL, NULL};
}

/* Makes room for other revisions when there is no more. */
static void trim_known(rc_svn_t *svn)
{
    if (svn->known_bytes < RC_SVN_KNOWN_MOST - RC_SVN_KNOWN_ONE)
        return;
    apr_pool_destroy(svn->known_pool);
    svn->known = NULL;
    svn->known_bytes = 0;
}

void rc_svn_rest(void *repo)
{
    rc_svn_t *svn = repo;
    int i;

    for (i = 0; i < RC_SVN_ROOTS; i++)
        close_root(&svn->roots[i]);
    svn->youngest = SVN_INVALID_REVNUM;
    svn->use++;
    trim_known(svn);
    svn->broken = rc_svn_guard_tripped() || svn->broken;
}

void rc_svn_close(void *repo)
{
    rc_svn_t *svn = repo;

    if (svn->pool)
        apr_pool_destroy(svn->pool);
    free(svn->path);
    free(svn);
}

/* Makes the pool of a handle, with an allocator of its own: the handle moves between threads. */
static bool make_pool(rc_svn_t *svn)
{
    apr_allocator_t *allocator;

    if (apr_allocator_create(&allocator) != APR_SUCCESS)
        return false;
    apr_allocator_max_free_set(allocator, 1 << 20);
    if (apr_pool_create_ex(&svn->pool, NULL, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return false;
    }
    apr_allocator_owner_set(allocator, svn->pool);
    return true;
}

/* The files are looked at before anything is opened: if the repository is replaced meanwhile, the
 * next use detects it. */
static rc_err_t *fill(rc_svn_t *svn, apr_pool_t *pool)
{
    if (!stat_files(&svn->db, &svn->uuid, svn->path))
        return rc_fs_err(pool, "open the repository", svn->path);
    RC_TRY(open_repos(svn, pool));
    svn->fs = svn_repos_fs(svn->repos);
    svn->use = 1;
    svn->shard_size = rc_svn_shard_size(svn->path, pool);
    svn->youngest = SVN_INVALID_REVNUM;
    return NULL;
}

rc_err_t *rc_svn_open(void **repo, const char *path, apr_pool_t *pool)
{
    rc_svn_t *svn = calloc(1, sizeof(*svn));
    rc_err_t *err;

    if (svn)
        svn->path = strdup(path);
    if (!svn || !svn->path || !make_pool(svn)) {
        if (svn)
            rc_svn_close(svn);
        return rc_err_internal(pool, APR_ENOMEM, "cannot open the repository %s", path);
    }
    if ((err = fill(svn, pool))) {
        rc_svn_close(svn);
        return err;
    }
    *repo = svn;
    return NULL;
}

/* Remembers what the last revision is read from: before it is read, so that a commit in between is
 * noticed. */
static void watch_last(rc_svn_t *svn)
{
    if (svn->files)
        return;
    apr_pool_create(&svn->files_pool, svn->pool);
    svn->files = rc_stamps_create(svn->path, svn->files_pool);
    rc_stamps_add(svn->files, "db/uuid");
    rc_stamps_add(svn->files, "db/current");
}

/* Returns whether the kernel says that nothing of it has changed. Times of files do not do: where
 * they are looked at, which may be another machine's disk, opening the file is as cheap. */
static bool is_quiet(rc_svn_t *svn)
{
    if (!svn->files)
        return false;
    if (rc_stamps_same(svn->files))
        return rc_stamps_watched(svn->files);
    apr_pool_destroy(svn->files_pool);
    svn->files = NULL;
    return false;
}

static bool is_in_place(const rc_svn_t *svn)
{
    char name[4096];
    struct stat db;

    return apr_snprintf(name, sizeof(name), "%s/db", svn->path) < (int)sizeof(name) - 1 &&
           !stat(name, &db) && db.st_dev == svn->db.st_dev && db.st_ino == svn->db.st_ino;
}

/* libsvn opens a file by its path when it needs it: what it has read may be another repository's.
 */
rc_err_t *rc_svn_check_place(rc_vcs_t *vcs)
{
    const rc_svn_t *svn = vcs->repo;

    return is_in_place(svn)
               ? NULL
               : rc_err_internal(vcs->pool, APR_ENOENT, "the repository %s was moved", svn->path);
}

static bool is_as_opened(const rc_svn_t *svn)
{
    struct stat db, uuid;

    return stat_files(&db, &uuid, svn->path) && db.st_dev == svn->db.st_dev &&
           db.st_ino == svn->db.st_ino && uuid.st_ino == svn->uuid.st_ino &&
           uuid.st_ctim.tv_sec == svn->uuid.st_ctim.tv_sec &&
           uuid.st_ctim.tv_nsec == svn->uuid.st_ctim.tv_nsec;
}

bool rc_svn_reuse(void *repo)
{
    rc_svn_t *svn = repo;

    if (svn->broken)
        return false;
    if (!is_quiet(svn))
        return is_as_opened(svn);
    svn->youngest = svn->seen;
    return is_in_place(svn);
}

void rc_svn_set_work(void *repo, rc_work_t *work)
{
    ((rc_svn_t *)repo)->work = work;
}

rc_err_t *rc_svn_refresh(rc_vcs_t *vcs)
{
    rc_svn_t *svn = vcs->repo;

    svn->youngest = SVN_INVALID_REVNUM;
    svn->use++;
    return NULL;
}

rc_err_t *rc_svn_youngest(svn_revnum_t *youngest, rc_vcs_t *vcs)
{
    rc_svn_t *svn = vcs->repo;

    if (!SVN_IS_VALID_REVNUM(svn->youngest)) {
        watch_last(svn);
        RC_TRY(rc_svn_err(RC_SVN(svn_fs_youngest_rev(&svn->youngest, svn->fs, vcs->pool)),
                          vcs->pool, "cannot read the last revision of %s", svn->path));
        svn->seen = svn->youngest;
    }
    *youngest = svn->youngest;
    return NULL;
}

static rc_svn_root_t *find_root(rc_svn_t *svn, svn_revnum_t rev)
{
    int i;

    for (i = 0; i < RC_SVN_ROOTS; i++)
        if (svn->roots[i].root && svn->roots[i].rev == rev)
            return &svn->roots[i];
    return NULL;
}

static rc_err_t *open_root(rc_svn_root_t *slot, rc_vcs_t *vcs, svn_revnum_t rev)
{
    rc_svn_t *svn = vcs->repo;

    apr_pool_create(&slot->pool, svn->pool);
    slot->rev = rev;
    return rc_svn_err(RC_SVN(svn_fs_revision_root(&slot->root, svn->fs, rev, slot->pool)),
                      vcs->pool, "cannot open revision %ld of %s", rev, svn->path);
}

rc_err_t *rc_svn_root(svn_fs_root_t **root, rc_vcs_t *vcs, svn_revnum_t rev)
{
    rc_svn_t *svn = vcs->repo;
    rc_svn_root_t *slot = find_root(svn, rev);
    rc_err_t *err;

    if (!slot) {
        slot = &svn->roots[svn->next_root];
        svn->next_root = (svn->next_root + 1) % RC_SVN_ROOTS;
        close_root(slot);
        if ((err = open_root(slot, vcs, rev))) {
            close_root(slot);
            return err;
        }
    }
    *root = slot->root;
    return NULL;
}
