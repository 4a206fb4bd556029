// SPDX-License-Identifier: Apache-2.0
/*
 * References and order of a repository, one of each per process: read by one thread while others
 * who need them wait, and shared by all handles. What was not used for a while, or used longest
 * ago when they take too much memory, is let go.
 */
#include "git.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <apr_thread_cond.h>
#include <apr_thread_mutex.h>

#include "rc_time.h"

#define WAIT_MOST  apr_time_from_sec(30) /* for another thread that reads */
#define IDLE_MOST  apr_time_from_sec(60) /* unused, then it goes with the next look at any */
#define BYTES_MOST ((apr_size_t)64 << 20)
#define TRIM_FROM  ((apr_size_t)1 << 20) /* so many freed bytes are given back to the system */

typedef enum { REFS, ORDER, PARTS } part_t;

struct rc_git_shared_t {
    rc_git_shared_t *next;
    char *path;
    dev_t dev;
    ino_t ino;
    int handles;
    apr_time_t used;
    rc_git_refs_t *refs;   /* or NULL */
    rc_git_order_t *order; /* or NULL; perhaps of earlier references */
    bool busy;             /* a thread reads */
    apr_time_t began;      /* the reading of refs */
    struct {
        apr_time_t began;
        apr_pool_t *pool;
        rc_err_t *err;
    } failed[PARTS]; /* the last reading, if it failed */
};

static struct {
    apr_thread_mutex_t *mutex; /* guards all below, and all in the list but what `busy` guards */
    apr_thread_cond_t *done;   /* a reading has ended */
    rc_git_shared_t *first;
} all;

/* What has been taken out of the list, to be freed without the mutex. */
typedef struct garbage_t {
    rc_git_shared_t *first;
    apr_size_t bytes;
} garbage_t;

static void lock(void)
{
    apr_thread_mutex_lock(all.mutex);
}

static void unlock(void)
{
    apr_thread_mutex_unlock(all.mutex);
}

/* --- letting go --- */

static apr_size_t weight(const rc_git_shared_t *shared)
{
    return (shared->refs ? rc_git_refs_weight(shared->refs) : 0) +
           (shared->order ? shared->order->size : 0);
}

static void free_shared(rc_git_shared_t *shared)
{
    int i;

    rc_git_refs_free(shared->refs);
    rc_git_order_free(shared->order);
    for (i = 0; i < PARTS; i++)
        if (shared->failed[i].pool)
            apr_pool_destroy(shared->failed[i].pool);
    free(shared->path);
    free(shared);
}

static void free_garbage(garbage_t *garbage)
{
    rc_git_shared_t *shared;

    while ((shared = garbage->first)) {
        garbage->first = shared->next;
        free_shared(shared);
    }
    if (garbage->bytes >= TRIM_FROM)
        malloc_trim(0);
}

/* Takes what @a shared holds; the entry stays while handles point to it. */
static void empty(garbage_t *garbage, rc_git_shared_t *shared)
{
    rc_git_shared_t *out = calloc(1, sizeof(*out));

    if (!out)
        return;
    garbage->bytes += weight(shared);
    out->refs = shared->refs;
    out->order = shared->order;
    shared->refs = NULL;
    shared->order = NULL;
    out->next = garbage->first;
    garbage->first = out;
}

static rc_git_shared_t *least_used(apr_size_t *total, const rc_git_shared_t *keep)
{
    rc_git_shared_t *shared, *least = NULL;

    *total = 0;
    for (shared = all.first; shared; shared = shared->next) {
        *total += weight(shared);
        if (shared != keep && !shared->busy && weight(shared) &&
            (!least || shared->used < least->used))
            least = shared;
    }
    return least;
}

static void remove_unused(garbage_t *garbage)
{
    rc_git_shared_t **at = &all.first, *gone;

    while ((gone = *at)) {
        if (gone->handles || weight(gone)) {
            at = &gone->next;
            continue;
        }
        *at = gone->next;
        gone->next = garbage->first;
        garbage->first = gone;
    }
}

/* The mutex is held. What @a keep has is in use, however large. */
static void sweep(garbage_t *garbage, const rc_git_shared_t *keep, apr_time_t now)
{
    rc_git_shared_t *least;
    apr_size_t total;

    while ((least = least_used(&total, keep)) &&
           (total > BYTES_MOST || least->used < now - IDLE_MOST))
        empty(garbage, least);
    remove_unused(garbage);
}

static apr_status_t let_all_go(void *unused)
{
    garbage_t garbage = {all.first, 0};

    (void)unused;
    all.first = NULL;
    free_garbage(&garbage);
    return APR_SUCCESS;
}

rc_err_t *rc_git_share_startup(apr_pool_t *pool)
{
    apr_status_t rv = apr_thread_mutex_create(&all.mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv == APR_SUCCESS)
        rv = apr_thread_cond_create(&all.done, pool);
    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot make the mutex of the references");
    apr_pool_cleanup_register(pool, NULL, let_all_go, apr_pool_cleanup_null);
    return NULL;
}

/* --- entries --- */

static rc_git_shared_t *find(const rc_git_t *git)
{
    rc_git_shared_t *shared = all.first;

    while (shared &&
           (shared->dev != git->dev || shared->ino != git->ino || strcmp(shared->path, git->path)))
        shared = shared->next;
    return shared;
}

static rc_git_shared_t *add(const rc_git_t *git)
{
    rc_git_shared_t *shared = calloc(1, sizeof(*shared));

    if (!shared || !(shared->path = strdup(git->path))) {
        free(shared);
        return NULL;
    }
    shared->dev = git->dev;
    shared->ino = git->ino;
    shared->used = rc_clock();
    shared->next = all.first;
    all.first = shared;
    return shared;
}

rc_git_shared_t *rc_git_share_enter(const rc_git_t *git)
{
    garbage_t garbage = {NULL, 0};
    rc_git_shared_t *shared;

    lock();
    shared = find(git);
    if (!shared)
        shared = add(git);
    if (shared)
        shared->handles++;
    sweep(&garbage, shared, rc_clock());
    unlock();
    free_garbage(&garbage);
    return shared;
}

void rc_git_share_leave(rc_git_shared_t *shared)
{
    if (!shared)
        return;
    lock();
    shared->handles--;
    unlock();
}

/* Is it the repository at @a path, or the git directory in it? */
static bool is_at(const rc_git_shared_t *shared, const char *path)
{
    apr_size_t len = strlen(path);

    return !strncmp(shared->path, path, len) &&
           (!shared->path[len] || !strcmp(shared->path + len, "/.git"));
}

void rc_git_share_forget(const char *path)
{
    garbage_t garbage = {NULL, 0};
    rc_git_shared_t *shared;

    lock();
    for (shared = all.first; shared; shared = shared->next)
        if (is_at(shared, path))
            empty(&garbage, shared);
    unlock();
    free_garbage(&garbage);
}

/* --- one reads, others wait --- */

static rc_err_t *begin(rc_git_shared_t *shared, apr_pool_t *pool)
{
    apr_time_t end = rc_clock() + WAIT_MOST, now;
    bool busy;

    lock();
    while (shared->busy && (now = rc_clock()) < end)
        apr_thread_cond_timedwait(all.done, all.mutex, end - now);
    busy = shared->busy;
    shared->busy = true;
    unlock();
    return busy ? rc_err(pool, RC_E_BUSY, "the repository is being read; try again") : NULL;
}

/* What is read here is for all: it does not end because one client has gone. */
static rc_work_t *without_limits(rc_git_t *git)
{
    rc_work_t *work = git->work;

    git->work = NULL;
    return work;
}

/* Keeps a failure for those who wait for the same; that one was busy is not theirs. */
static void keep_failure(rc_git_shared_t *shared, part_t part, apr_time_t began,
                         const rc_err_t *err)
{
    if (shared->failed[part].pool)
        apr_pool_destroy(shared->failed[part].pool);
    shared->failed[part].pool = NULL;
    if (!err || err->kind == RC_E_BUSY ||
        apr_pool_create_unmanaged_ex(&shared->failed[part].pool, NULL, NULL))
        return;
    shared->failed[part].began = began;
    shared->failed[part].err = rc_err_copy(err, shared->failed[part].pool);
}

static void end(rc_git_shared_t *shared)
{
    garbage_t garbage = {NULL, 0};

    lock();
    shared->busy = false;
    shared->used = rc_clock();
    sweep(&garbage, shared, shared->used);
    apr_thread_cond_broadcast(all.done);
    unlock();
    free_garbage(&garbage);
}

static const rc_err_t *failed_since(const rc_git_shared_t *shared, part_t part, apr_time_t start)
{
    return shared->failed[part].pool && shared->failed[part].began >= start
               ? shared->failed[part].err
               : NULL;
}

/* --- references --- */

static rc_git_refs_t *shared_refs(rc_git_shared_t *shared)
{
    garbage_t garbage = {NULL, 0};
    rc_git_refs_t *refs;

    lock();
    shared->used = rc_clock();
    sweep(&garbage, shared, shared->used);
    refs = rc_git_refs_hold(shared->refs);
    unlock();
    free_garbage(&garbage);
    return refs;
}

static void share_refs(rc_git_shared_t *shared, rc_git_refs_t *refs, apr_time_t began)
{
    rc_git_refs_t *before;

    lock();
    before = shared->refs;
    shared->refs = rc_git_refs_hold(refs);
    shared->began = began;
    unlock();
    rc_git_refs_free(before);
}

static rc_git_order_t *shared_order(rc_git_shared_t *shared, const rc_git_refs_t *refs)
{
    rc_git_order_t *order;

    lock();
    order = shared->order;
    if (order && refs && memcmp(order->key, refs->key.id, RC_GIT_RAW))
        order = NULL;
    order = rc_git_order_hold(order);
    unlock();
    return order;
}

static void share_order(rc_git_shared_t *shared, rc_git_order_t *order)
{
    rc_git_order_t *before;

    lock();
    before = shared->order;
    shared->order = rc_git_order_hold(order);
    unlock();
    rc_git_order_free(before);
}

static void use_refs(rc_git_t *git, rc_git_refs_t *refs)
{
    rc_git_refs_free(git->refs);
    git->refs = refs;
    git->ordered = git->ordered && !memcmp(git->order->key, refs->key.id, RC_GIT_RAW);
}

static void use_order(rc_git_t *git, rc_git_order_t *order)
{
    rc_git_order_free(git->order);
    git->order = order;
}

/* An order, even an older one, spares reading what the references lead to. */
static void find_order(rc_git_t *git, apr_pool_t *pool)
{
    if (git->order || (git->order = shared_order(git->shared, NULL)))
        return;
    git->order = rc_git_order_load(git, pool);
    if (git->order)
        share_order(git->shared, git->order);
}

static rc_err_t *read_refs(rc_git_refs_t **refs, rc_git_t *git, apr_time_t start, apr_pool_t *pool)
{
    rc_git_shared_t *shared = git->shared;
    rc_git_refs_t *base = shared_refs(shared);
    apr_time_t began = rc_clock();
    rc_err_t *err = rc_err_copy(failed_since(shared, REFS, start), pool);

    *refs = base;
    if (!err && base && shared->began >= start) /* another thread has read them meanwhile */
        return NULL;
    if (err) {
        rc_git_refs_free(base);
        return err;
    }
    if (!git->odb)
        err = rc_git_reopen(git, pool); /* failed once; perhaps it works now */
    if (!err) {
        find_order(git, pool);
        err = rc_git_refs_read(refs, git, base, pool);
    }
    keep_failure(shared, REFS, began, err);
    if (!err)
        share_refs(shared, *refs, began);
    rc_git_refs_free(base);
    return err;
}

rc_err_t *rc_git_look(rc_git_t *git, bool force, apr_pool_t *pool)
{
    apr_time_t start = rc_clock();
    rc_git_refs_t *refs;
    rc_work_t *work;
    rc_err_t *err;

    if (git->refs && !force)
        return NULL;
    refs = shared_refs(git->shared);
    if (!refs || !rc_git_refs_current(refs)) {
        rc_git_refs_free(refs);
        RC_TRY(begin(git->shared, pool));
        work = without_limits(git);
        err = read_refs(&refs, git, start, pool);
        git->work = work;
        end(git->shared);
        RC_TRY(err);
    }
    use_refs(git, refs);
    return NULL;
}

/* --- the order --- */

static rc_err_t *make_order(rc_git_t *git, apr_time_t start, apr_pool_t *pool)
{
    rc_git_shared_t *shared = git->shared;
    rc_git_order_t *order = shared_order(shared, git->refs);
    apr_time_t began = rc_clock();
    rc_err_t *err = rc_err_copy(failed_since(shared, ORDER, start), pool);

    if (!order && err)
        return err;
    if (!order) {
        err = rc_git_order_make(&order, git, git->refs, git->order, pool);
        keep_failure(shared, ORDER, began, err);
        RC_TRY(err);
        share_order(shared, order);
    }
    use_order(git, order);
    return NULL;
}

rc_err_t *rc_git_refresh(rc_git_t *git, bool force, apr_pool_t *pool)
{
    apr_time_t start = rc_clock();
    rc_git_order_t *order;
    rc_err_t *err;

    RC_TRY(rc_git_look(git, force, pool));
    if (git->ordered)
        return NULL;
    order = shared_order(git->shared, git->refs);
    if (order) {
        use_order(git, order);
    } else {
        RC_TRY(begin(git->shared, pool));
        find_order(git, pool);
        err = make_order(git, start, pool);
        end(git->shared);
        RC_TRY(err);
    }
    git->ordered = true;
    return NULL;
}

void rc_git_rest(rc_git_t *git)
{
    rc_git_refs_free(git->refs);
    rc_git_order_free(git->order);
    git->refs = NULL;
    git->order = NULL;
    git->ordered = false;
}
