// SPDX-License-Identifier: Apache-2.0
/*
 * Makes a repository that shares the revisions of another one: FSFS has a file for each revision,
 * which never changes. Full shards are linked to as directories, the files of the last one singly.
 */
#include "fetch.h"

#include <dirent.h>
#include <errno.h>
#include <fts.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <apr_file_io.h>
#include <apr_strings.h>

#include "base/fs.h"
#include "base/text.h"

typedef rc_err_t *on_name_t(const rc_svn_fetch_t *fetch, const char *from, const char *to,
                            const char *name);

static rc_err_t *make_private_dir(const char *path, apr_pool_t *pool)
{
    return mkdir(path, 0700) ? rc_fs_err(pool, "create", path) : NULL;
}

static rc_err_t *copy_file(const char *from, const char *to, apr_pool_t *pool)
{
    apr_status_t rv = apr_file_copy(from, to, APR_FILE_SOURCE_PERMS, pool);

    return rv == APR_SUCCESS ? NULL : rc_fs_status(pool, rv, "copy", from);
}

/* Calls @a fn for each entry of the directory @a from. */
static rc_err_t *for_names(const rc_svn_fetch_t *fetch, const char *from, const char *to,
                           on_name_t *fn)
{
    DIR *dir = opendir(from);
    struct dirent *entry;
    rc_err_t *err = NULL;

    if (!dir)
        return rc_fs_err(fetch->pool, "read", from);
    while (!err && (entry = readdir(dir)))
        if (*entry->d_name != '.')
            err = fn(fetch, apr_pstrcat(fetch->scratch, from, "/", entry->d_name, NULL),
                     apr_pstrcat(fetch->scratch, to, "/", entry->d_name, NULL), entry->d_name);
    closedir(dir);
    return err;
}

/* What a fetch or commit that was interrupted left behind the last revision is left out. */
static rc_err_t *link_revision(const rc_svn_fetch_t *fetch, const char *from, const char *to,
                               const char *name)
{
    if (!rc_text_digits(name) || apr_atoi64(name) > fetch->base || !link(from, to))
        return NULL;
    return copy_file(from, to, fetch->scratch); /* not where others own the files */
}

static rc_err_t *link_shard(const rc_svn_fetch_t *fetch, const char *from, const char *to,
                            const char *name)
{
    apr_int64_t last = fetch->base / rc_svn_shard_size(fetch->path, fetch->scratch);

    if (rc_text_digits(name) && apr_atoi64(name) > last)
        return NULL;
    if (!rc_text_digits(name) || apr_atoi64(name) < last)
        return symlink(from, to) ? rc_fs_err(fetch->pool, "link", from) : NULL;
    RC_TRY(make_private_dir(to, fetch->pool));
    return for_names(fetch, from, to, link_revision);
}

static rc_err_t *link_all(const rc_svn_fetch_t *fetch, const char *folder)
{
    const char *from = apr_pstrcat(fetch->scratch, fetch->path, folder, NULL);
    const char *to = apr_pstrcat(fetch->scratch, fetch->shadow, folder, NULL);
    bool sharded = rc_svn_shard_size(fetch->path, fetch->scratch) > 0;

    RC_TRY(make_private_dir(to, fetch->pool));
    return for_names(fetch, from, to, sharded ? link_shard : link_revision);
}

rc_err_t *rc_svn_shadow_make(const rc_svn_fetch_t *fetch)
{
    static const char *const dirs[] = {"", "/db", "/db/transactions", "/db/txn-protorevs",
                                       "/locks"};
    static const char *const files[] = {"/format",
                                        "/db/format",
                                        "/db/fs-type",
                                        "/db/uuid",
                                        "/db/fsfs.conf",
                                        "/db/current",
                                        "/db/write-lock",
                                        "/db/txn-current",
                                        "/db/pack-lock",
                                        "/db/txn-current-lock",
                                        "/locks/db.lock",
                                        "/locks/db-logs.lock",
                                        "/db/min-unpacked-rev"};
    apr_size_t i;

    for (i = 0; i < sizeof(dirs) / sizeof(*dirs); i++)
        RC_TRY(make_private_dir(apr_pstrcat(fetch->scratch, fetch->shadow, dirs[i], NULL),
                                fetch->pool));
    for (i = 0; i < sizeof(files) / sizeof(*files); i++) {
        const char *from = apr_pstrcat(fetch->scratch, fetch->path, files[i], NULL);

        if (!rc_fs_is_missing(from)) /* not all formats have all of them */
            RC_TRY(copy_file(from, apr_pstrcat(fetch->scratch, fetch->shadow, files[i], NULL),
                             fetch->pool));
    }
    RC_TRY(link_all(fetch, "/db/revs"));
    return link_all(fetch, "/db/revprops");
}

apr_off_t rc_svn_shadow_size(const rc_svn_fetch_t *fetch)
{
    char *const roots[] = {apr_pstrcat(fetch->scratch, fetch->shadow, "/db", NULL), NULL};
    FTS *tree = fts_open(roots, FTS_PHYSICAL | FTS_NOCHDIR, NULL);
    apr_off_t size = 0;
    FTSENT *entry;

    while (tree && (entry = fts_read(tree)))
        if (entry->fts_info == FTS_F && entry->fts_statp->st_nlink == 1)
            size += entry->fts_statp->st_size;
    if (tree)
        fts_close(tree);
    return size;
}
