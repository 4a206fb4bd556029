// SPDX-License-Identifier: Apache-2.0
/*
 * Reads the properties of revisions: author, date and message. libsvn keeps those that an open
 * repository has read until it is told that one may have changed. Properties are replaced by
 * renames, so the time of their directory tells (`svnadmin setlog`, rsync and a restored backup do
 * so, too).
 */
#include "svn.h"

#include <sys/stat.h>

#include <apr_strings.h>
#include <apr_time.h>

/* A directory that changed so short a time ago may change again without another time. */
#define TOO_YOUNG 3 /* seconds */

/* Sets @a now to what the directory with the properties of revision @a rev looks like. */
static bool stat_shard(struct stat *now, const rc_svn_t *svn, svn_revnum_t rev, apr_pool_t *pool)
{
    const char *path = apr_pstrcat(pool, svn->path, "/db/revprops", NULL);

    if (svn->shard_size > 0)
        path = apr_psprintf(pool, "%s/%" APR_INT64_T_FMT, path, rev / svn->shard_size);
    return !stat(path, now) || !stat(apr_pstrcat(pool, path, ".pack", NULL), now);
}

static bool is_young(const struct stat *now)
{
    return apr_time_sec(apr_time_now()) - now->st_mtime < TOO_YOUNG;
}

static bool looks_alike(const rc_svn_shard_t *seen, const struct stat *now)
{
    return seen->inode == now->st_ino && seen->changed.tv_sec == now->st_mtim.tv_sec &&
           seen->changed.tv_nsec == now->st_mtim.tv_nsec;
}

/* True when what libsvn keeps of the directory cannot be used. Each use of the repository looks at
 * a directory once. */
static bool has_changed(rc_svn_t *svn, svn_revnum_t rev, apr_pool_t *pool)
{
    apr_int64_t number = svn->shard_size > 0 ? rev / svn->shard_size : 0;
    rc_svn_shard_t *seen = &svn->shards[number % RC_SVN_SHARDS], before = *seen;
    struct stat now;

    if (seen->use == svn->use && seen->number == number)
        return false;
    *seen = (rc_svn_shard_t){.use = svn->use, .number = number};
    if (!stat_shard(&now, svn, rev, pool) || is_young(&now))
        return true;
    seen->inode = now.st_ino;
    seen->changed = now.st_mtim;
    return before.number != number || !looks_alike(&before, &now);
}

rc_err_t *rc_svn_revision_props(apr_hash_t **props, rc_vcs_t *vcs, svn_revnum_t rev,
                                apr_pool_t *pool)
{
    rc_svn_t *svn = vcs->repo;
    svn_boolean_t refresh = has_changed(svn, rev, pool);

    return rc_svn_err(RC_SVN(svn_fs_revision_proplist2(props, svn->fs, rev, refresh, pool, pool)),
                      vcs->pool, "cannot read the properties of revision %ld of %s", rev,
                      svn->path);
}
