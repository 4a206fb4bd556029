// SPDX-License-Identifier: Apache-2.0
/*
 * Opens a Mercurial repository, and decides whether an open one can be used again.
 */
#include "hg.h"

#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>

#include "base/fs.h"

#define KEPT_MOST 1000000 /* revisions of a snapshot that an idle handle keeps */

void rc_hg_set_work(void *repo, rc_work_t *work)
{
    (void)repo; /* everything is read through rc_vcs_t, which has it */
    (void)work;
}

static void drop_snapshot(rc_hg_t *hg)
{
    if (hg->snapshot)
        apr_pool_destroy(hg->snapshot->pool);
    hg->snapshot = NULL;
}

void rc_hg_rest(void *repo)
{
    rc_hg_t *hg = repo;

    if (hg->last.pool)
        apr_pool_destroy(hg->last.pool);
    hg->last.pool = NULL;
    hg->fresh = false;
    if (hg->snapshot)
        rc_hg_drop_manifests(hg->snapshot);
    if (hg->snapshot && hg->snapshot->log->count > KEPT_MOST) {
        drop_snapshot(hg);
        rc_hg_forget_branches(hg);
    }
}

void rc_hg_close(void *repo)
{
    rc_hg_t *hg = repo;

    if (hg->pool)
        apr_pool_destroy(hg->pool);
    free(hg->path);
    free(hg);
}

/* The handle moves between threads: its pool has an allocator of its own. */
static bool make_hg_pool(rc_hg_t *hg)
{
    apr_allocator_t *allocator;

    if (apr_allocator_create(&allocator) != APR_SUCCESS)
        return false;
    apr_allocator_max_free_set(allocator, 1 << 20);
    if (apr_pool_create_ex(&hg->pool, NULL, NULL, allocator) != APR_SUCCESS) {
        apr_allocator_destroy(allocator);
        return false;
    }
    apr_allocator_owner_set(allocator, hg->pool);
    return true;
}

static rc_err_t *fill_handle(rc_hg_t *hg, apr_pool_t *pool)
{
    const char *why = NULL;
    rc_found_t found;
    struct stat st;

    if (!rc_hg_stat_place(hg, &st))
        return rc_fs_err(pool, "open the repository", hg->path);
    hg->device = st.st_dev;
    hg->inode = st.st_ino;
    found = rc_hg_find(&hg->layout, &why, hg->path, hg->pool);
    if (found == RC_FOUND_NOTHING)
        return rc_err_internal(pool, APR_ENOENT, "there is no Mercurial repository at %s",
                               hg->path);
    if (found != RC_FOUND_REPOSITORY)
        return rc_err_internal(pool, APR_SUCCESS, "%s is %s", hg->path, apr_pstrdup(pool, why));
    hg->kind = rc_hg_kind(&hg->layout, hg->pool);
    hg->codec = rc_hg_codec_create(hg->pool);
    return hg->codec ? NULL : rc_err_internal(pool, APR_ENOMEM, "cannot open %s", hg->path);
}

rc_err_t *rc_hg_open(void **repo, const char *path, apr_pool_t *pool)
{
    rc_hg_t *hg = calloc(1, sizeof(*hg));
    rc_err_t *err;

    if (hg)
        hg->path = strdup(path);
    if (!hg || !hg->path || !make_hg_pool(hg)) {
        if (hg)
            rc_hg_close(hg);
        return rc_err_internal(pool, APR_ENOMEM, "cannot open the repository %s", path);
    }
    if ((err = fill_handle(hg, pool))) {
        rc_hg_close(hg);
        return err;
    }
    *repo = hg;
    return NULL;
}

bool rc_hg_reuse(void *repo)
{
    rc_hg_t *hg = repo;
    apr_pool_t *scratch;
    bool same;

    if (!rc_hg_is_in_place(hg))
        return false;
    apr_pool_create(&scratch, hg->pool);
    same = !strcmp(rc_hg_kind(&hg->layout, scratch), hg->kind);
    apr_pool_destroy(scratch);
    return same;
}

rc_err_t *rc_hg_refresh(rc_vcs_t *vcs)
{
    ((rc_hg_t *)vcs->repo)->fresh = false;
    return NULL;
}
