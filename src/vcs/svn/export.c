// SPDX-License-Identifier: Apache-2.0
/*
 * Passes a tree to be packed as an archive, in the order of names. Contents are passed as they are
 * stored. Names that lead out of a directory cannot be made by svn, but may stand in a repository
 * that was made by hand.
 */
#include "svn.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include <apr_portable.h>
#include <apr_strings.h>

#include "base/log.h"

#define PATH_LIMIT   4096 /* bytes of a path, and of a link's target */
#define FOLDERS_DEEP 2048

typedef struct svn_export_t {
    rc_vcs_t *vcs;
    svn_revnum_t rev;
    const char *top, *temp_dir;
    rc_item_fn_t *fn;
    void *baton;
    bool looking; /* the first pass: nothing is reported yet */
    int depth;
} svn_export_t;

static rc_err_t *no_archive(const svn_export_t *walk, const char *path, const char *why)
{
    rc_log(RC_LOG_INFO, APR_SUCCESS, "no archive of revision %ld in %s: '%s' %s", walk->rev,
           walk->vcs->path, path, why);
    return rc_err(walk->vcs->pool, RC_E_NOTFOUND,
                  "There is no archive of this commit: a path in it %s", why);
}

static rc_err_t *check_entry_name(const svn_export_t *walk, const char *path, const char *name)
{
    if (!*name || !strcmp(name, ".") || !strcmp(name, "..") || strchr(name, '/'))
        return no_archive(walk, path, "holds a name that is not allowed");
    if (strlen(path) > PATH_LIMIT)
        return rc_err(walk->vcs->pool, RC_E_LIMIT, "This commit has a path that is too long");
    return NULL;
}

/* --- files --- */

static rc_err_t *fill_large(rc_item_t *item, const svn_export_t *walk, const rc_svn_file_t *file,
                            apr_pool_t *scratch)
{
    rc_spool_t *spool = rc_spool_create(walk->temp_dir, scratch);
    apr_file_t *spooled = NULL;

    RC_TRY(rc_svn_write(spool, walk->vcs, file, scratch));
    RC_TRY(rc_spool_content(&item->data, &spooled, spool));
    if (spooled && (apr_os_file_get(&item->fd, spooled) || lseek(item->fd, 0, SEEK_SET)))
        return rc_err_internal(walk->vcs->pool, APR_SUCCESS, "cannot read a temporary file");
    return NULL;
}

/* @a shown: the path in the archive */
static rc_err_t *pass_content(svn_export_t *walk, const char *path, const char *shown,
                              apr_pool_t *scratch)
{
    rc_svn_file_t file = {.rev = walk->rev, .path = path};
    rc_item_t item = {.path = shown, .fd = -1};
    apr_size_t len;

    RC_TRY(rc_svn_look(&file, walk->vcs, scratch));
    RC_TRY(rc_svn_length(&item.size, walk->vcs, &file, scratch));
    if (file.kind == RC_ENTRY_LINK && item.size > PATH_LIMIT)
        return rc_err(walk->vcs->pool, RC_E_LIMIT, "This commit has a link that is too long");
    item.kind = file.kind == RC_ENTRY_LINK      ? RC_ITEM_LINK
                : file.kind == RC_ENTRY_PROGRAM ? RC_ITEM_PROGRAM
                                                : RC_ITEM_FILE;
    if (item.size < RC_VCS_LARGE)
        RC_TRY(rc_svn_read_file(&item.data, &len, walk->vcs, &file, scratch));
    else
        RC_TRY(fill_large(&item, walk, &file, scratch));
    return walk->fn(walk->baton, &item);
}

/* --- directories --- */

static int by_dirent_name(const void *a, const void *b)
{
    const svn_fs_dirent_t *const *x = a, *const *y = b;

    return strcmp((*x)->name, (*y)->name);
}

/* Returns the entries of a directory, sorted by name: an array of svn_fs_dirent_t * in @a pool. */
static rc_err_t *sorted_entries(apr_array_header_t **out, const svn_export_t *walk,
                                const char *path, apr_pool_t *pool)
{
    apr_hash_index_t *at;
    apr_hash_t *entries;

    RC_TRY(rc_svn_read_dir(&entries, walk->vcs, walk->rev, path, pool));
    *out = apr_array_make(pool, 16, sizeof(svn_fs_dirent_t *));
    for (at = apr_hash_first(pool, entries); at; at = apr_hash_next(at))
        APR_ARRAY_PUSH(*out, svn_fs_dirent_t *) = apr_hash_this_val(at);
    qsort((*out)->elts, (size_t)(*out)->nelts, sizeof(svn_fs_dirent_t *), by_dirent_name);
    return NULL;
}

static rc_err_t *export_folder(svn_export_t *walk, const char *path, apr_pool_t *parent);

static rc_err_t *export_entry(svn_export_t *walk, const char *path, const svn_fs_dirent_t *entry,
                              apr_pool_t *scratch)
{
    const char *shown = path + strlen(walk->top);
    rc_item_t folder = {.path = shown, .kind = RC_ITEM_FOLDER, .fd = -1};

    RC_TRY(check_entry_name(walk, path, entry->name));
    if (walk->looking)
        RC_TRY(rc_work_entry(walk->vcs->work, walk->vcs->pool));
    if (entry->kind != svn_node_dir)
        return walk->looking ? NULL : pass_content(walk, path, shown, scratch);
    if (!walk->looking)
        RC_TRY(walk->fn(walk->baton, &folder));
    return export_folder(walk, path, scratch);
}

static rc_err_t *export_entries(svn_export_t *walk, const char *path, apr_pool_t *pool)
{
    apr_array_header_t *entries;
    apr_pool_t *scratch;
    int i;

    RC_TRY(sorted_entries(&entries, walk, path, pool));
    apr_pool_create(&scratch, pool);
    for (i = 0; i < entries->nelts; i++) {
        const svn_fs_dirent_t *entry = APR_ARRAY_IDX(entries, i, svn_fs_dirent_t *);

        apr_pool_clear(scratch);
        RC_TRY(export_entry(walk, apr_pstrcat(scratch, path, path[1] ? "/" : "", entry->name, NULL),
                            entry, scratch));
    }
    return NULL;
}

static rc_err_t *export_folder(svn_export_t *walk, const char *path, apr_pool_t *parent)
{
    apr_pool_t *pool;
    rc_err_t *err;

    if (walk->depth++ >= FOLDERS_DEEP)
        return no_archive(walk, path, "is nested too deep");
    apr_pool_create(&pool, parent);
    err = export_entries(walk, path, pool);
    apr_pool_destroy(pool);
    walk->depth--;
    return err;
}

rc_err_t *rc_svn_export(rc_vcs_t *vcs, const char *id, const char *top, const char *temp_dir,
                        rc_item_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    const char *path = rc_svn_fspath(top, scratch);
    svn_export_t walk = {.vcs = vcs,
                         .rev = rc_svn_rev_of(id),
                         .temp_dir = temp_dir,
                         .fn = fn,
                         .baton = baton,
                         .looking = true};

    walk.top = path[1] ? apr_pstrcat(scratch, path, "/", NULL) : path;
    RC_TRY(export_folder(&walk, path, scratch));
    walk.looking = false;
    RC_TRY(export_folder(&walk, path, scratch));
    return rc_svn_check_place(vcs);
}
