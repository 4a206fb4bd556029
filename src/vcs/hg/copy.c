// SPDX-License-Identifier: Apache-2.0
/*
 * Copies a repository: its store and its bookmarks, without work tree, caches and hgrc. hg's lock
 * of the source is held meanwhile, so that all revlogs are of one moment.
 */
#include "hg.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include <apr_file_info.h>
#include <apr_strings.h>

#include "lock.h"
#include "base/fs.h"

#define FOLDERS_DEEP 2048

typedef struct copying_t {
    rc_work_t *work;
    apr_pool_t *err_pool;
    int depth;
} copying_t;

/* Other files beside the store are settings, caches, or of the work tree. */
static const char *const beside[] = {"requires", "00changelog.i", "bookmarks", NULL};

/* In the store: the lock that is held, and what only undoes the last writing. */
static bool is_left_out(const char *name)
{
    return !strcmp(name, "lock") || !strncmp(name, "undo", 4);
}

static rc_err_t *make_folder(const copying_t *copying, const char *path, apr_pool_t *pool)
{
    apr_status_t rv = apr_dir_make(path, APR_FPROT_OS_DEFAULT, pool);

    return rv == APR_SUCCESS ? NULL : rc_fs_status(copying->err_pool, rv, "create", path);
}

static rc_err_t *copy_folder(copying_t *copying, const char *from, const char *to,
                             apr_pool_t *parent);

/* Links are left out: hg makes none in a store. */
static rc_err_t *copy_entry(copying_t *copying, const apr_finfo_t *found, const char *from,
                            const char *to, apr_pool_t *scratch)
{
    const char *source = apr_pstrcat(scratch, from, "/", found->name, NULL);
    const char *target = apr_pstrcat(scratch, to, "/", found->name, NULL);
    struct stat st;

    RC_TRY(rc_work_look(copying->work, copying->err_pool));
    if (lstat(source, &st))
        return rc_fs_err(copying->err_pool, "copy", source);
    if (S_ISDIR(st.st_mode))
        return copy_folder(copying, source, target, scratch);
    return S_ISREG(st.st_mode) ? rc_fs_copy(source, target, O_NOFOLLOW, copying->err_pool) : NULL;
}

static rc_err_t *copy_entries(copying_t *copying, const char *from, const char *to,
                              apr_pool_t *pool)
{
    apr_pool_t *scratch;
    apr_finfo_t found;
    apr_dir_t *dir;
    apr_status_t rv = apr_dir_open(&dir, from, pool);

    if (rv != APR_SUCCESS)
        return rc_fs_status(copying->err_pool, rv, "read", from);
    apr_pool_create(&scratch, pool);
    while ((rv = apr_dir_read(&found, APR_FINFO_NAME, dir)) == APR_SUCCESS) {
        apr_pool_clear(scratch);
        if (!strcmp(found.name, ".") || !strcmp(found.name, "..") ||
            (copying->depth == 1 && is_left_out(found.name)))
            continue;
        RC_TRY(copy_entry(copying, &found, from, to, scratch));
    }
    return APR_STATUS_IS_ENOENT(rv) ? NULL : rc_fs_status(copying->err_pool, rv, "read", from);
}

static rc_err_t *copy_folder(copying_t *copying, const char *from, const char *to,
                             apr_pool_t *parent)
{
    apr_pool_t *pool;
    rc_err_t *err;

    if (copying->depth++ >= FOLDERS_DEEP)
        return rc_err_internal(copying->err_pool, APR_SUCCESS,
                               "directories in %s are nested too deep", from);
    apr_pool_create(&pool, parent);
    err = make_folder(copying, to, pool);
    if (!err)
        err = copy_entries(copying, from, to, pool);
    apr_pool_destroy(pool);
    copying->depth--;
    return err;
}

static rc_err_t *copy_beside(const copying_t *copying, const char *from, const char *to,
                             apr_pool_t *pool)
{
    const char *const *name;

    for (name = beside; *name; name++) {
        const char *source = apr_pstrcat(pool, from, "/", *name, NULL);

        if (rc_fs_exists(source))
            RC_TRY(rc_fs_copy(source, apr_pstrcat(pool, to, "/", *name, NULL), O_NOFOLLOW,
                              copying->err_pool));
    }
    return NULL;
}

static rc_err_t *copy_locked(copying_t *copying, const char *from, const char *to, apr_pool_t *pool)
{
    const char *target = apr_pstrcat(pool, to, "/.hg", NULL), *why = NULL;
    rc_hg_layout_t layout;

    if (rc_hg_find(&layout, &why, from, pool) != RC_FOUND_REPOSITORY)
        return rc_err_internal(copying->err_pool, APR_SUCCESS, "%s is %s", from,
                               why ? why : "no Mercurial repository");
    if (layout.names == RC_HG_NAMES_PLAIN)
        return rc_err_failed(copying->err_pool, "%s has no store: it is too old to be copied",
                             from);
    RC_TRY(rc_hg_lock_store(&layout, copying->work, pool));
    RC_TRY(make_folder(copying, to, pool));
    RC_TRY(make_folder(copying, target, pool));
    RC_TRY(make_folder(copying, apr_pstrcat(pool, target, "/cache", NULL), pool));
    RC_TRY(make_folder(copying, apr_pstrcat(pool, target, "/wcache", NULL), pool));
    RC_TRY(copy_beside(copying, layout.hg, target, pool));
    return copy_folder(copying, layout.store, apr_pstrcat(pool, target, "/store", NULL), pool);
}

rc_err_t *rc_hg_copy(const char *from, const char *to, rc_work_t *work, apr_pool_t *pool)
{
    copying_t copying = {.work = work, .err_pool = pool};
    apr_pool_t *scratch;
    rc_err_t *err;

    apr_pool_create(&scratch, pool);
    err = rc_err_copy(copy_locked(&copying, from, to, scratch), pool);
    apr_pool_destroy(scratch); /* unlocks */
    return err;
}
