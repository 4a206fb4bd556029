// SPDX-License-Identifier: Apache-2.0
/*
 * The table of shared references and orders, by path. It evicts entries that were idle for a while,
 * a few at each use of a repository, and, above a memory limit, the least recently used first. No
 * step gets slower with the number of repositories.
 */
#include "share.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <apr_hash.h>
#include <apr_strings.h>

#include "memo.h"
#include "wire.h"
#include "base/kept.h"
#include "base/time.h"

#define BUCKETS 4096
/* Entries that were idle longer than this are freed by the next uses of any repository, so many by
 * each: the kernel takes some microseconds to end a watch, and an entry can have dozens. */
#define IDLE_MOST apr_time_from_sec(60)
#define AT_ONCE   2

/* Above the memory limit, entries that were idle longer than this are freed even when no other
 * repository is used. The thread that asks for it does so for two seconds more: domain/tidy.c. */
#define IDLE_ALONE apr_time_from_sec(5)

/* After so many freed bytes the C library returns memory to the system. */
#define TRIM_FROM ((apr_size_t)1 << 20)

static struct {
    apr_thread_mutex_t *mutex;
    apr_thread_cond_t *done; /* a reading has ended */
    rc_git_shared_t *buckets[BUCKETS];
    rc_git_shared_t *oldest, *newest;
    apr_size_t bytes; /* the sum of all weights */
    apr_size_t freed; /* atomic: bytes since memory was returned to the system */
} all;

void rc_git_share_lock(void)
{
    apr_thread_mutex_lock(all.mutex);
}

void rc_git_share_unlock(void)
{
    apr_thread_mutex_unlock(all.mutex);
}

void rc_git_share_wait(apr_interval_time_t time)
{
    apr_thread_cond_timedwait(all.done, all.mutex, time);
}

void rc_git_share_wake(void)
{
    apr_thread_cond_broadcast(all.done);
}

/* --- the two orders: by path, by last use --- */

static rc_git_shared_t **bucket(const char *path)
{
    apr_ssize_t len = APR_HASH_KEY_STRING;

    return &all.buckets[apr_hashfunc_default(path, &len) % BUCKETS];
}

rc_git_shared_t *rc_git_share_find(const char *path, dev_t dev, ino_t ino)
{
    rc_git_shared_t *shared = *bucket(path);

    while (shared && (shared->dev != dev || shared->ino != ino || strcmp(shared->path, path)))
        shared = shared->next;
    return shared;
}

static void link_newest(rc_git_shared_t *shared)
{
    shared->newer = NULL;
    shared->older = all.newest;
    *(all.newest ? &all.newest->newer : &all.oldest) = shared;
    all.newest = shared;
    shared->used = rc_clock();
}

static void unlink_used(rc_git_shared_t *shared)
{
    *(shared->newer ? &shared->newer->older : &all.newest) = shared->older;
    *(shared->older ? &shared->older->newer : &all.oldest) = shared->newer;
}

/* Gives libgit2's cache of objects what the entries leave, in whole MiB. */
static void share_out(void)
{
    static apr_size_t last;
    apr_size_t left =
        all.bytes + RC_KEPT_OBJECTS < RC_KEPT_GIT ? RC_KEPT_GIT - all.bytes : RC_KEPT_OBJECTS;

    if (left >> 20 == last >> 20)
        return;
    last = left;
    git_libgit2_opts(GIT_OPT_SET_CACHE_MAX_SIZE, (ssize_t)left);
}

bool rc_git_share_is_over(void)
{
    ssize_t used = 0, most = 0;

    git_libgit2_opts(GIT_OPT_GET_CACHED_MEMORY, &used, &most);
    return used - most > (ssize_t)RC_KEPT_MIB(1);
}

void rc_git_share_weigh(rc_git_shared_t *shared)
{
    all.bytes -= shared->weight;
    shared->weight = (shared->refs ? rc_git_refs_weight(shared->refs) : 0) +
                     (shared->told ? rc_git_told_weight(shared->told) : 0) +
                     (shared->order ? shared->order->size : 0) +
                     (shared->wire ? rc_git_wire_weight(shared->wire) : 0) +
                     rc_git_memo_weight(shared->memo);
    if (shared->weight)
        shared->weight += sizeof(*shared) + strlen(shared->path);
    all.bytes += shared->weight;
    share_out();
}

/* --- eviction --- */

static void free_shared(rc_git_shared_t *shared)
{
    int i;

    rc_git_refs_free(shared->refs);
    rc_git_told_free(shared->told);
    rc_git_order_free(shared->order);
    rc_git_wire_free(shared->wire);
    rc_git_memo_free(shared->memo);
    for (i = 0; i < RC_GIT_PARTS; i++)
        if (shared->failed[i].pool)
            apr_pool_destroy(shared->failed[i].pool);
    free(shared->path);
    free(shared);
}

void rc_git_share_free(rc_git_garbage_t *garbage)
{
    rc_git_shared_t *shared;

    while ((shared = garbage->first)) {
        garbage->first = shared->next;
        free_shared(shared);
    }
    if (!garbage->bytes ||
        __atomic_add_fetch(&all.freed, garbage->bytes, __ATOMIC_RELAXED) < TRIM_FROM)
        return;
    __atomic_store_n(&all.freed, 0, __ATOMIC_RELAXED);
    malloc_trim(0);
}

/* Moves the contents of @a shared to @a garbage; the entry stays while handles point to it. */
static void empty(rc_git_garbage_t *garbage, rc_git_shared_t *shared)
{
    rc_git_shared_t *out = calloc(1, sizeof(*out));

    if (!out)
        return;
    garbage->bytes += shared->weight;
    out->refs = shared->refs;
    out->told = shared->told;
    out->order = shared->order;
    out->wire = shared->wire;
    out->memo = shared->memo;
    shared->memo = NULL;
    shared->refs = NULL;
    shared->told = NULL;
    shared->wire = NULL;
    shared->order = NULL;
    rc_git_share_weigh(shared);
    out->next = garbage->first;
    garbage->first = out;
}

/* Moves the entry to @a garbage if no handle points to it and it is empty. */
static void take_out(rc_git_garbage_t *garbage, rc_git_shared_t *shared)
{
    rc_git_shared_t **at = bucket(shared->path);

    if (shared->handles || shared->weight)
        return;
    while (*at != shared)
        at = &(*at)->next;
    *at = shared->next;
    unlink_used(shared);
    shared->next = garbage->first;
    garbage->first = shared;
}

/* Evicts idle entries, and more above the memory limit. Entries in use stay, however large. Entries
 * that only handles keep are skipped: there are few handles. */
static void take_out_idle(rc_git_garbage_t *garbage, const rc_git_shared_t *keep)
{
    apr_time_t limit = rc_clock() - IDLE_MOST;
    rc_git_shared_t *shared = all.oldest, *newer;
    int n = 0;

    for (; shared && (all.bytes > RC_KEPT_REFS || (shared->used < limit && n < AT_ONCE));
         shared = newer) {
        newer = shared->newer;
        if (shared == keep || shared->busy)
            continue;
        n += shared->weight || !shared->handles;
        if (shared->weight)
            empty(garbage, shared);
        take_out(garbage, shared);
    }
}

static bool is_held(const apr_uint32_t *users)
{
    return __atomic_load_n(users, __ATOMIC_RELAXED) > 1;
}

/* True while somebody uses what is large of it: to read that again would double it. */
static bool is_in_use(const rc_git_shared_t *shared)
{
    return shared->busy || (shared->refs && is_held(&shared->refs->users)) ||
           (shared->order && is_held(&shared->order->users)) ||
           (shared->wire && is_held(&shared->wire->users));
}

void rc_git_share_shrink(void)
{
    apr_time_t limit = rc_clock() - IDLE_ALONE;
    rc_git_garbage_t garbage = {NULL, 0};
    rc_git_shared_t *shared, *newer;

    rc_git_share_lock();
    for (shared = all.oldest; shared && all.bytes > RC_KEPT_REFS && shared->used < limit;
         shared = newer) {
        newer = shared->newer;
        if (!shared->weight || is_in_use(shared))
            continue;
        empty(&garbage, shared);
        take_out(&garbage, shared);
    }
    rc_git_share_unlock();
    rc_git_share_free(&garbage);
}

void rc_git_share_use(rc_git_garbage_t *garbage, rc_git_shared_t *shared)
{
    unlink_used(shared);
    link_newest(shared);
    take_out_idle(garbage, shared);
}

void rc_git_share_clear(void)
{
    rc_git_shared_t *shared;

    while ((shared = all.oldest)) {
        unlink_used(shared);
        free_shared(shared);
    }
    memset(all.buckets, 0, sizeof(all.buckets));
    all.bytes = 0;
}

rc_err_t *rc_git_share_startup(apr_pool_t *pool)
{
    apr_status_t rv = apr_thread_mutex_create(&all.mutex, APR_THREAD_MUTEX_DEFAULT, pool);

    if (rv == APR_SUCCESS)
        rv = apr_thread_cond_create(&all.done, pool);
    if (rv != APR_SUCCESS)
        return rc_err_internal(pool, rv, "cannot make the mutex of the references");
    return NULL;
}

/* --- handles --- */

static rc_git_shared_t *add_shared(const rc_git_t *git)
{
    rc_git_shared_t *shared = calloc(1, sizeof(*shared)), **at = bucket(git->path);

    if (!shared || !(shared->path = strdup(git->path))) {
        free(shared);
        return NULL;
    }
    shared->dev = git->dev;
    shared->ino = git->ino;
    shared->next = *at;
    *at = shared;
    link_newest(shared);
    return shared;
}

rc_git_shared_t *rc_git_share_enter(const rc_git_t *git)
{
    rc_git_garbage_t garbage = {NULL, 0};
    rc_git_shared_t *shared;

    rc_git_share_lock();
    shared = rc_git_share_find(git->path, git->dev, git->ino);
    if (!shared)
        shared = add_shared(git);
    if (shared) {
        shared->handles++;
        rc_git_share_use(&garbage, shared);
    }
    rc_git_share_unlock();
    rc_git_share_free(&garbage);
    return shared;
}

void rc_git_share_leave(rc_git_shared_t *shared)
{
    rc_git_garbage_t garbage = {NULL, 0};

    if (!shared)
        return;
    rc_git_share_lock();
    shared->handles--;
    take_out(&garbage, shared);
    rc_git_share_unlock();
    rc_git_share_free(&garbage);
}

static void forget(rc_git_garbage_t *garbage, const char *path)
{
    rc_git_shared_t *shared = *bucket(path), *next;

    for (; shared; shared = next) {
        next = shared->next;
        if (strcmp(shared->path, path))
            continue;
        empty(garbage, shared);
        take_out(garbage, shared);
    }
}

void rc_git_share_forget(const char *path)
{
    rc_git_garbage_t garbage = {NULL, 0};
    char inner[4096];

    rc_git_share_lock();
    forget(&garbage, path);
    if (apr_snprintf(inner, sizeof(inner), "%s/.git", path) < (int)sizeof(inner) - 1)
        forget(&garbage, inner);
    rc_git_share_unlock();
    rc_git_share_free(&garbage);
}
