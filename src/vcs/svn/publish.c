// SPDX-License-Identifier: Apache-2.0
/*
 * Moves revisions that were loaded into a shadow to their repository. FSFS shows the revisions up
 * to the number in db/current, which is replaced last; files behind it are replaced by the next
 * commit or fetch. Others may commit meanwhile: the repository is frozen, as `svnadmin freeze`
 * does.
 */
#include "fetch.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_strings.h>

#include <svn_dirent_uri.h>

#include "base/fs.h"

#define SYNC_SINGLY 32 /* revisions; for more, the whole shadow is synced */

typedef struct publish_t {
    const rc_svn_fetch_t *fetch;
    apr_int64_t shard; /* revisions in a directory; 0: all */
    svn_fs_t *fs;
    apr_pool_t *pool; /* cleared at times */
    rc_err_t *err;
} publish_t;

static const char *file_of(const publish_t *publish, const char *folder, apr_int64_t rev)
{
    return publish->shard ? apr_psprintf(publish->pool, "%s/%" APR_INT64_T_FMT "/%" APR_INT64_T_FMT,
                                         folder, rev / publish->shard, rev)
                          : apr_psprintf(publish->pool, "%s/%" APR_INT64_T_FMT, folder, rev);
}

static rc_err_t *move(const publish_t *publish, const char *name)
{
    const char *from = apr_pstrcat(publish->pool, publish->fetch->shadow, name, NULL);
    const char *to = apr_pstrcat(publish->pool, publish->fetch->path, name, NULL);

    return rename(from, to) ? rc_fs_err(publish->fetch->pool, "rename", from) : NULL;
}

/* Makes the directory of a shard, like the one above it. */
static rc_err_t *make_shard(const publish_t *publish, const char *folder, apr_int64_t shard)
{
    const char *above = apr_pstrcat(publish->pool, publish->fetch->path, folder, NULL);
    const char *path = apr_psprintf(publish->pool, "%s/%" APR_INT64_T_FMT, above, shard);
    struct stat info;

    if (stat(above, &info) || (mkdir(path, info.st_mode & 0777) && errno != EEXIST))
        return rc_fs_err(publish->fetch->pool, "create", path);
    return NULL;
}

static rc_err_t *sync_shard(const publish_t *publish, const char *folder, apr_int64_t shard)
{
    return rc_fs_sync_folder_of(apr_psprintf(publish->pool, "%s%s/%" APR_INT64_T_FMT "/x",
                                             publish->fetch->path, folder, shard),
                                publish->pool);
}

static rc_err_t *move_revision(const publish_t *publish, const char *folder, apr_int64_t rev)
{
    apr_int64_t shard = publish->shard ? rev / publish->shard : 0;

    if (!publish->shard)
        return move(publish, file_of(publish, folder, rev));
    if (rev % publish->shard == 0 || rev == publish->fetch->base + 1)
        RC_TRY(make_shard(publish, folder, shard));
    RC_TRY(move(publish, file_of(publish, folder, rev)));
    if (rev % publish->shard == publish->shard - 1 || rev == publish->fetch->head)
        RC_TRY(sync_shard(publish, folder, shard));
    return NULL;
}

static rc_err_t *move_revisions(publish_t *publish, const char *folder, apr_int64_t first)
{
    apr_int64_t rev;

    for (rev = first; rev <= publish->fetch->head; rev++) {
        apr_pool_clear(publish->pool);
        RC_TRY(move_revision(publish, folder, rev));
    }
    return rc_fs_sync_folder_of(
        apr_pstrcat(publish->pool, publish->fetch->path, folder, "/x", NULL), publish->pool);
}

/* What finds contents that are there already; without it they are stored again. */
static void move_rep_cache(const publish_t *publish)
{
    static const char name[] = "/db/rep-cache.db";
    apr_pool_t *pool = publish->fetch->scratch;

    if (rc_fs_is_missing(apr_pstrcat(pool, publish->fetch->path, name, NULL)))
        rename(apr_pstrcat(pool, publish->fetch->shadow, name, NULL),
               apr_pstrcat(pool, publish->fetch->path, name, NULL));
}

/* An empty repository takes over what the remote's has beside its revisions: the properties of
 * revision 0 and the UUID. */
static rc_err_t *move_all(publish_t *publish)
{
    bool empty = publish->fetch->base == 0;
    const char *current =
        apr_pstrcat(publish->fetch->scratch, publish->fetch->path, "/db/current", NULL);

    RC_TRY(move_revisions(publish, "/db/revprops", empty ? 0 : publish->fetch->base + 1));
    RC_TRY(move_revisions(publish, "/db/revs", publish->fetch->base + 1));
    if (empty)
        RC_TRY(move(publish, "/db/uuid"));
    RC_TRY(rc_fs_sync_folder_of(current, publish->fetch->pool));
    RC_TRY(move(publish, "/db/current"));
    if (empty)
        move_rep_cache(publish);
    return rc_fs_sync_folder_of(current, publish->fetch->pool);
}

/* Runs while nobody can commit. */
static svn_error_t *publish_frozen(void *baton, apr_pool_t *pool)
{
    publish_t *publish = baton;
    svn_revnum_t youngest;

    SVN_ERR(svn_fs_youngest_rev(&youngest, publish->fs, pool));
    if (youngest != publish->fetch->base)
        publish->err = rc_err_failed(publish->fetch->pool, "%s got revision %ld during the fetch",
                                     publish->fetch->path, youngest);
    else
        publish->err = move_all(publish);
    return publish->err ? svn_error_create(SVN_ERR_CANCELLED, NULL, NULL) : SVN_NO_ERROR;
}

static svn_error_t *freeze(publish_t *publish, apr_pool_t *pool)
{
    svn_repos_t *repos;

    SVN_ERR(svn_repos_open3(&repos, svn_dirent_internal_style(publish->fetch->path, pool), NULL,
                            pool, pool));
    publish->fs = svn_repos_fs(repos);
    return svn_fs_freeze(publish->fs, publish_frozen, publish, pool);
}

static rc_err_t *sync_file(const publish_t *publish, const char *name)
{
    return rc_fs_sync_tree(apr_pstrcat(publish->pool, publish->fetch->shadow, name, NULL),
                           publish->fetch->pool);
}

/* What is moved must be on the disk before. */
static rc_err_t *sync_shadow(const publish_t *publish)
{
    const rc_svn_fetch_t *fetch = publish->fetch;
    apr_int64_t rev;

    if (fetch->base == 0 || fetch->head - fetch->base > SYNC_SINGLY)
        return sync_file(publish, "/db");
    for (rev = fetch->base + 1; rev <= fetch->head; rev++) {
        RC_TRY(sync_file(publish, file_of(publish, "/db/revprops", rev)));
        RC_TRY(sync_file(publish, file_of(publish, "/db/revs", rev)));
    }
    return sync_file(publish, "/db/current");
}

rc_err_t *rc_svn_publish(const rc_svn_fetch_t *fetch)
{
    publish_t publish = {.fetch = fetch, .shard = rc_svn_shard_size(fetch->path, fetch->scratch)};
    rc_err_t *err;

    apr_pool_create(&publish.pool, fetch->scratch);
    RC_TRY(sync_shadow(&publish));
    err = rc_svn_err(RC_SVN(freeze(&publish, fetch->scratch)), fetch->pool,
                     "cannot change the repository %s", fetch->path);
    return publish.err ? publish.err : err;
}
