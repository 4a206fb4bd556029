// SPDX-License-Identifier: Apache-2.0
/*
 * Chooses the back end by the repository's type and keeps idle handles: the one used last is
 * used next, the one unused longest is closed first.
 */
#include "vcs/vcs.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <apr_strings.h>
#include <apr_thread_mutex.h>

#include "backend.h"
#include "base/time.h"

/* Freed handles leave holes in malloc's arenas; give them back once per so many closed ones. */
#define TRIM_AFTER 16

/* An idle handle that was not used for so long is closed when another one is given back. */
#define IDLE_MOST apr_time_from_sec(300)

typedef struct handle_t handle_t;
struct handle_t {
    handle_t *newer, *older; /* neighbours among the idle ones */
    const rc_backend_t *backend;
    void *repo;
    char *path;
    apr_time_t used; /* rc_clock() */
};

struct rc_vcs_pool_t {
    apr_thread_mutex_t *mutex; /* guards all below */
    handle_t *newest, *oldest;
    int idle, max_idle;
    int closed; /* since the last trim */
};

/* What a user's pool gives back when it ends. */
typedef struct lease_t {
    rc_vcs_t vcs;
    rc_vcs_pool_t *owner; /* NULL: nobody keeps it */
    handle_t *handle;
} lease_t;

static const rc_backend_t *const backends[] = {&rc_git_backend};

#define BACKENDS (sizeof(backends) / sizeof(*backends))

static const rc_backend_t *find_backend(const char *type)
{
    apr_size_t i;

    for (i = 0; i < BACKENDS; i++)
        if (!strcmp(backends[i]->type, type))
            return backends[i];
    return NULL;
}

bool rc_vcs_known_type(const char *type)
{
    return find_backend(type) != NULL;
}

rc_err_t *rc_vcs_startup(apr_pool_t *pool)
{
    apr_size_t i;

    for (i = 0; i < BACKENDS; i++)
        RC_TRY(backends[i]->startup(pool));
    return NULL;
}

static rc_err_t *need_backend(const rc_backend_t **out, const char *type, apr_pool_t *pool)
{
    *out = find_backend(type);
    return *out ? NULL
                : rc_err_internal(pool, APR_SUCCESS, "unknown type of repository '%s'", type);
}

rc_err_t *rc_vcs_create(const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(need_backend(&backend, type, pool));
    return backend->create(path, pool);
}

rc_err_t *rc_vcs_import(const char *type, const char *path, const rc_import_t *import,
                        apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(need_backend(&backend, type, pool));
    return backend->import(path, import, pool);
}

rc_err_t *rc_vcs_copy(const char *type, const char *from, const char *to, rc_work_t *work,
                      apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(need_backend(&backend, type, pool));
    return backend->copy(from, to, work, pool);
}

/* --- the idle handles; callers hold the mutex for link and unlink --- */

static void unlink_idle(rc_vcs_pool_t *owner, handle_t *handle)
{
    *(handle->newer ? &handle->newer->older : &owner->newest) = handle->older;
    *(handle->older ? &handle->older->newer : &owner->oldest) = handle->newer;
    handle->newer = handle->older = NULL;
    owner->idle--;
}

static void link_newest(rc_vcs_pool_t *owner, handle_t *handle)
{
    handle->newer = NULL;
    handle->older = owner->newest;
    *(owner->newest ? &owner->newest->newer : &owner->oldest) = handle;
    owner->newest = handle;
    owner->idle++;
}

static handle_t *find_idle(const rc_vcs_pool_t *owner, const rc_backend_t *backend,
                           const char *path)
{
    handle_t *handle;

    for (handle = owner->newest; handle; handle = handle->older)
        if ((!backend || handle->backend == backend) && !strcmp(handle->path, path))
            return handle;
    return NULL;
}

static void close_handle(rc_vcs_pool_t *owner, handle_t *handle)
{
    bool trim = false;

    handle->backend->close(handle->repo);
    free(handle->path);
    free(handle);
    if (!owner)
        return;
    apr_thread_mutex_lock(owner->mutex);
    if (++owner->closed >= TRIM_AFTER) {
        owner->closed = 0;
        trim = true;
    }
    apr_thread_mutex_unlock(owner->mutex);
    if (trim)
        malloc_trim(0);
}

static handle_t *take_idle(rc_vcs_pool_t *owner, const rc_backend_t *backend, const char *path)
{
    handle_t *handle;

    apr_thread_mutex_lock(owner->mutex);
    handle = find_idle(owner, backend, path);
    if (handle)
        unlink_idle(owner, handle);
    apr_thread_mutex_unlock(owner->mutex);
    return handle;
}

/* What is too much, or was not used for a while; NULL: nothing. */
static handle_t *take_surplus(rc_vcs_pool_t *owner, apr_time_t now)
{
    handle_t *handle;

    apr_thread_mutex_lock(owner->mutex);
    handle = owner->oldest;
    if (handle && owner->idle <= owner->max_idle && handle->used >= now - IDLE_MOST)
        handle = NULL;
    if (handle)
        unlink_idle(owner, handle);
    apr_thread_mutex_unlock(owner->mutex);
    return handle;
}

static void sweep(rc_vcs_pool_t *owner)
{
    apr_time_t now = rc_clock();
    handle_t *handle;

    while ((handle = take_surplus(owner, now)))
        close_handle(owner, handle);
}

static void give_back(rc_vcs_pool_t *owner, handle_t *handle)
{
    handle->used = rc_clock();
    apr_thread_mutex_lock(owner->mutex);
    link_newest(owner, handle);
    apr_thread_mutex_unlock(owner->mutex);
    sweep(owner);
}

static apr_status_t end_lease(void *data)
{
    lease_t *lease = data;

    lease->vcs.backend->set_work(lease->handle->repo, NULL);
    lease->handle->backend->rest(lease->handle->repo);
    if (lease->owner)
        give_back(lease->owner, lease->handle);
    else
        close_handle(NULL, lease->handle);
    return APR_SUCCESS;
}

static apr_status_t close_pool(void *data)
{
    rc_vcs_pool_t *owner = data;
    handle_t *handle;

    while ((handle = owner->newest)) {
        unlink_idle(owner, handle);
        close_handle(owner, handle);
    }
    return APR_SUCCESS;
}

rc_err_t *rc_vcs_pool_create(rc_vcs_pool_t **out, int max_idle, apr_pool_t *pool)
{
    rc_vcs_pool_t *owner = apr_pcalloc(pool, sizeof(*owner));
    apr_status_t rv = apr_thread_mutex_create(&owner->mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot make the mutex of the repository handles");
    owner->max_idle = max_idle > 0 ? max_idle : 0;
    /* Registered after the mutex, so it runs before the mutex goes. */
    apr_pool_cleanup_register(pool, owner, close_pool, apr_pool_cleanup_null);
    *out = owner;
    return NULL;
}

void rc_vcs_pool_forget(rc_vcs_pool_t *vcs_pool, const char *path)
{
    handle_t *handle;

    apr_size_t i;

    while ((handle = take_idle(vcs_pool, NULL, path)))
        close_handle(vcs_pool, handle);
    for (i = 0; i < BACKENDS; i++)
        backends[i]->forget(path);
}

void rc_vcs_drop_cache(rc_vcs_pool_t *vcs_pool, const char *type, const char *path,
                       apr_pool_t *pool)
{
    const rc_backend_t *backend = find_backend(type);

    rc_vcs_pool_forget(vcs_pool, path);
    if (backend)
        backend->drop_cache(path, pool);
}

rc_err_t *rc_vcs_check_head(const char **problem, const char *type, const char *path,
                            apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(need_backend(&backend, type, pool));
    return backend->check_head(problem, path, pool);
}

rc_err_t *rc_vcs_repair_head(const char **branch, const char *type, const char *path,
                             const char *wanted, apr_pool_t *pool)
{
    const rc_backend_t *backend;

    RC_TRY(need_backend(&backend, type, pool));
    return backend->repair_head(branch, path, wanted, pool);
}

static rc_err_t *open_handle(handle_t **out, const rc_backend_t *backend, const char *path,
                             apr_pool_t *pool)
{
    handle_t *handle;
    void *repo;

    RC_TRY(backend->open(&repo, path, pool));
    handle = calloc(1, sizeof(*handle));
    if (handle)
        handle->path = strdup(path);
    if (!handle || !handle->path) {
        free(handle);
        backend->close(repo);
        return rc_err_internal(pool, APR_ENOMEM, "cannot keep a repository handle");
    }
    handle->backend = backend;
    handle->repo = repo;
    *out = handle;
    return NULL;
}

rc_err_t *rc_vcs_open(rc_vcs_t **out, rc_vcs_pool_t *vcs_pool, const char *type, const char *path,
                      rc_work_t *work, apr_pool_t *pool)
{
    const rc_backend_t *backend;
    handle_t *handle = NULL;
    lease_t *lease;

    RC_TRY(need_backend(&backend, type, pool));
    while (vcs_pool && (handle = take_idle(vcs_pool, backend, path))) {
        if (backend->reuse(handle->repo))
            break;
        close_handle(vcs_pool, handle);
    }
    if (!handle)
        RC_TRY(open_handle(&handle, backend, path, pool));
    lease = apr_pcalloc(pool, sizeof(*lease));
    lease->owner = vcs_pool;
    lease->handle = handle;
    lease->vcs.backend = backend;
    lease->vcs.repo = handle->repo;
    lease->vcs.pool = pool;
    backend->set_work(handle->repo, work);
    apr_pool_cleanup_register(pool, lease, end_lease, apr_pool_cleanup_null);
    *out = &lease->vcs;
    return NULL;
}

/* --- dispatch --- */

rc_err_t *rc_vcs_refresh(rc_vcs_t *vcs)
{
    return vcs->backend->refresh(vcs);
}

const char *rc_vcs_known_state(const char *type, const char *path, apr_pool_t *pool)
{
    const rc_backend_t *backend = find_backend(type);

    return backend ? backend->known_state(path, pool) : NULL;
}

rc_err_t *rc_vcs_state(const char **state, rc_vcs_t *vcs, apr_pool_t *pool)
{
    return vcs->backend->state(state, vcs, pool);
}

rc_err_t *rc_vcs_count(apr_int64_t *count, rc_vcs_t *vcs)
{
    return vcs->backend->count(count, vcs);
}

rc_err_t *rc_vcs_resolve(const char **id, rc_vcs_t *vcs, const char *rev, apr_pool_t *pool)
{
    return vcs->backend->resolve(id, vcs, rev, pool);
}

rc_err_t *rc_vcs_commit(rc_commit_t **out, rc_vcs_t *vcs, const char *id, apr_pool_t *pool)
{
    return vcs->backend->commit(out, vcs, id, APR_SIZE_MAX, pool);
}

rc_err_t *rc_vcs_commit_short(rc_commit_t **out, rc_vcs_t *vcs, const char *id, apr_pool_t *pool)
{
    return vcs->backend->commit(out, vcs, id, RC_VCS_SHORT, pool);
}

rc_err_t *rc_vcs_last_commit(rc_commit_t **out, rc_vcs_t *vcs, apr_pool_t *pool)
{
    const char *id;

    *out = NULL;
    RC_TRY(vcs->backend->resolve(&id, vcs, NULL, pool));
    return id ? rc_vcs_commit_short(out, vcs, id, pool) : NULL;
}

rc_err_t *rc_vcs_id_at(const char **id, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    return vcs->backend->id_at(id, vcs, index, pool);
}

rc_err_t *rc_vcs_position(rc_position_t *place, rc_vcs_t *vcs, apr_int64_t index, apr_pool_t *pool)
{
    return vcs->backend->place(place, vcs, index, pool);
}

rc_err_t *rc_vcs_series(apr_array_header_t **indexes, rc_vcs_t *vcs, apr_int64_t first,
                        apr_int64_t last, apr_pool_t *pool)
{
    return vcs->backend->series(indexes, vcs, first, last, pool);
}

rc_err_t *rc_vcs_time(apr_int64_t *time, rc_vcs_t *vcs, const char *id)
{
    return vcs->backend->time(time, vcs, id);
}

rc_err_t *rc_vcs_index_of(apr_int64_t *index, rc_vcs_t *vcs, const char *id)
{
    return vcs->backend->index_of(index, vcs, id);
}

rc_err_t *rc_vcs_diff(rc_spool_t *spool, rc_vcs_t *vcs, const char *id,
                      const rc_diff_options_t *options, apr_pool_t *scratch)
{
    return vcs->backend->diff(spool, vcs, id, options, scratch);
}

rc_err_t *rc_vcs_mail(rc_spool_t *spool, rc_vcs_t *vcs, const char *id, const rc_mail_t *mail,
                      apr_pool_t *scratch)
{
    return vcs->backend->mail(spool, vcs, id, mail, scratch);
}

rc_err_t *rc_vcs_files(rc_vcs_t *vcs, const char *id, rc_vcs_file_fn_t *fn, void *baton,
                       apr_pool_t *scratch)
{
    return vcs->backend->files(vcs, id, fn, baton, scratch);
}

rc_err_t *rc_vcs_changes(rc_vcs_t *vcs, const char *id, rc_changes_t what, const char *temp_dir,
                         rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    return vcs->backend->changes(vcs, id, what, temp_dir, fn, baton, scratch);
}

rc_err_t *rc_vcs_stat(bool *more, rc_vcs_t *vcs, const char *id, rc_stat_limits_t *limits,
                      rc_change_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    return vcs->backend->stat(more, vcs, id, limits, fn, baton, scratch);
}

rc_err_t *rc_vcs_nodes(bool *found, rc_vcs_t *vcs, const char *id, const char *root, bool dirs,
                       const char *temp_dir, rc_node_fn_t *fn, void *baton, apr_pool_t *scratch)
{
    return vcs->backend->nodes(found, vcs, id, root, dirs, temp_dir, fn, baton, scratch);
}

rc_err_t *rc_vcs_entry(rc_entry_t *entry, rc_vcs_t *vcs, const char *id, const char *path,
                       apr_pool_t *pool)
{
    return vcs->backend->entry(entry, vcs, id, path, pool);
}

rc_err_t *rc_vcs_content(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *entry)
{
    return vcs->backend->content(spool, vcs, entry);
}

rc_err_t *rc_vcs_diff_files(rc_spool_t *spool, rc_vcs_t *vcs, const rc_entry_t *before,
                            const rc_entry_t *after, const rc_diff_options_t *options,
                            apr_pool_t *scratch)
{
    return vcs->backend->diff_files(spool, vcs, before, after, options, scratch);
}

rc_err_t *rc_vcs_export(rc_vcs_t *vcs, const char *id, const char *temp_dir, rc_item_fn_t *fn,
                        void *baton, apr_pool_t *scratch)
{
    return vcs->backend->export(vcs, id, temp_dir, fn, baton, scratch);
}

rc_err_t *rc_vcs_refs(rc_vcs_t *vcs, rc_refs_t which,
                      rc_err_t *(*fn)(void *baton, const char *name, const char *id), void *baton)
{
    return vcs->backend->refs(vcs, which, fn, baton);
}

rc_err_t *rc_vcs_check_refs(const char **problem, rc_vcs_t *vcs, apr_pool_t *pool)
{
    return vcs->backend->check_refs(problem, vcs, pool);
}

rc_err_t *rc_vcs_strip(rc_vcs_t *vcs, const char *branch, const char *rev, int lock,
                       apr_pool_t *pool)
{
    return vcs->backend->strip(vcs, branch, rev, lock, pool);
}
