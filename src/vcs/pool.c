// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps handles of repositories open between uses. Of the handles of a path, the one that was
 * opened first is reused first; the least recently used handle is closed first.
 */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <apr_thread_mutex.h>

#include "backend.h"
#include "base/kept.h"
#include "base/time.h"

/* Handles that have been idle for longer are closed when others are returned to the pool, so many
 * by each, so that no request does the work of all. */
#define IDLE_MOST apr_time_from_sec(300)
#define AT_ONCE   2

/* The same when the process keeps too much memory. A handle that was in use for longer than
 * LONG_USE is closed then, too: to open it again costs little beside such a use, and it keeps most.
 */
#define IDLE_FULL    apr_time_from_sec(1)
#define AT_ONCE_FULL 8
#define LONG_USE     apr_time_from_msec(50)

typedef struct handle_t handle_t;
struct handle_t {
    handle_t *newer, *older; /* neighbours in the list of idle handles */
    const rc_backend_t *backend;
    void *repo;
    char *path;
    apr_time_t used;     /* rc_clock() */
    apr_uint64_t number; /* in the order of opening */
};

struct rc_vcs_pool_t {
    apr_thread_mutex_t *mutex; /* guards all below */
    handle_t *newest, *oldest;
    int idle, max_idle;
    apr_uint64_t opened; /* of all times */
};

/* A handle in use; it is returned when the caller's memory pool is destroyed. */
typedef struct lease_t {
    rc_vcs_t vcs;
    rc_vcs_pool_t *owner; /* NULL: the handle is closed instead */
    handle_t *handle;
    apr_time_t began;
} lease_t;

/* --- the list of idle handles; callers of link, unlink and find must hold the mutex --- */

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

/* Returns the handle that was opened first: it has been used most, so it knows most. */
static handle_t *find_idle(const rc_vcs_pool_t *owner, const rc_backend_t *backend,
                           const char *path)
{
    handle_t *handle, *found = NULL;

    for (handle = owner->newest; handle; handle = handle->older)
        if ((!backend || handle->backend == backend) && !strcmp(handle->path, path) &&
            (!found || handle->number < found->number))
            found = handle;
    return found;
}

static void close_handle(handle_t *handle)
{
    handle->backend->close(handle->repo);
    free(handle->path);
    free(handle);
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

static bool is_surplus(const rc_vcs_pool_t *owner, const handle_t *handle, apr_time_t limit)
{
    const rc_backend_t *backend = handle->backend;

    return owner->idle > owner->max_idle || handle->used < limit ||
           (backend->keeps_too_much && backend->keeps_too_much());
}

/* Takes the least recently used handle when there are too many, it was idle since @a limit, or all
 * keep too much; else returns NULL. */
static handle_t *take_surplus(rc_vcs_pool_t *owner, apr_time_t limit)
{
    handle_t *handle;

    apr_thread_mutex_lock(owner->mutex);
    handle = owner->oldest;
    if (handle && !is_surplus(owner, handle, limit))
        handle = NULL;
    if (handle)
        unlink_idle(owner, handle);
    apr_thread_mutex_unlock(owner->mutex);
    return handle;
}

static void sweep(rc_vcs_pool_t *owner, bool full, int most)
{
    apr_time_t limit = rc_clock() - (full ? IDLE_FULL : IDLE_MOST);
    handle_t *handle;

    while (most-- > 0 && (handle = take_surplus(owner, limit)))
        close_handle(handle);
}

void rc_vcs_pool_sweep(rc_vcs_pool_t *vcs_pool)
{
    sweep(vcs_pool, rc_kept_is_full(true), INT_MAX);
    rc_vcs_shrink();
}

static void sweep_some(rc_vcs_pool_t *owner)
{
    bool full = rc_kept_is_full(false);

    sweep(owner, full, full ? AT_ONCE_FULL : AT_ONCE);
}

static void keep_handle(rc_vcs_pool_t *owner, handle_t *handle)
{
    handle->used = rc_clock();
    apr_thread_mutex_lock(owner->mutex);
    if (!handle->number)
        handle->number = ++owner->opened;
    link_newest(owner, handle);
    apr_thread_mutex_unlock(owner->mutex);
}

static bool is_worth_keeping(const lease_t *lease)
{
    return lease->owner && (rc_clock() - lease->began < LONG_USE || !rc_kept_is_full(true));
}

static apr_status_t end_lease(void *data)
{
    lease_t *lease = data;

    lease->vcs.backend->set_work(lease->handle->repo, NULL);
    lease->handle->backend->rest(lease->handle->repo);
    if (is_worth_keeping(lease))
        keep_handle(lease->owner, lease->handle);
    else
        close_handle(lease->handle);
    if (lease->owner)
        sweep_some(lease->owner);
    return APR_SUCCESS;
}

static apr_status_t close_pool(void *data)
{
    rc_vcs_pool_t *owner = data;
    handle_t *handle;

    while ((handle = owner->newest)) {
        unlink_idle(owner, handle);
        close_handle(handle);
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
    /* Registered after the mutex, so it runs before the mutex is destroyed. */
    apr_pool_cleanup_register(pool, owner, close_pool, apr_pool_cleanup_null);
    *out = owner;
    return NULL;
}

void rc_vcs_pool_forget(rc_vcs_pool_t *vcs_pool, const char *path)
{
    handle_t *handle;

    while ((handle = take_idle(vcs_pool, NULL, path)))
        close_handle(handle);
    rc_vcs_forget(path);
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

    RC_TRY(rc_vcs_need_backend(&backend, type, pool));
    while (vcs_pool && (handle = take_idle(vcs_pool, backend, path))) {
        if (backend->reuse(handle->repo))
            break;
        close_handle(handle);
    }
    if (!handle)
        RC_TRY(open_handle(&handle, backend, path, pool));
    lease = apr_pcalloc(pool, sizeof(*lease));
    lease->owner = vcs_pool;
    lease->handle = handle;
    lease->began = rc_clock();
    lease->vcs.backend = backend;
    lease->vcs.repo = handle->repo;
    lease->vcs.path = handle->path;
    lease->vcs.work = work;
    lease->vcs.pool = pool;
    backend->set_work(handle->repo, work);
    apr_pool_cleanup_register(pool, lease, end_lease, apr_pool_cleanup_null);
    *out = &lease->vcs;
    return NULL;
}
