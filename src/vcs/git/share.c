// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps one reading of references and one order per repository and process: one thread reads them,
 * other threads wait for it, and all handles share the result.
 */
#include "share.h"

#include <string.h>

#include "wire.h"
#include "base/hex.h"
#include "base/time.h"

/* --- references --- */

static rc_git_refs_t *shared_refs(rc_git_shared_t *shared)
{
    rc_git_garbage_t garbage = {NULL, 0};
    rc_git_refs_t *refs;

    rc_git_share_lock();
    rc_git_share_use(&garbage, shared);
    refs = rc_git_refs_hold(shared->refs);
    rc_git_share_unlock();
    rc_git_share_free(&garbage);
    return refs;
}

static void share_refs(rc_git_shared_t *shared, rc_git_refs_t *refs, apr_time_t began)
{
    rc_git_refs_t *before;
    rc_git_told_t *told;

    rc_git_share_lock();
    before = shared->refs;
    told = shared->told;
    shared->refs = rc_git_refs_hold(refs);
    shared->told = NULL;
    shared->began = began;
    rc_git_share_weigh(shared);
    rc_git_share_unlock();
    rc_git_refs_free(before);
    rc_git_told_free(told);
}

static rc_git_order_t *shared_order(rc_git_shared_t *shared, const rc_git_refs_t *refs)
{
    rc_git_order_t *order;

    rc_git_share_lock();
    order = shared->order;
    if (order && refs && memcmp(order->key, refs->key.id, RC_GIT_RAW))
        order = NULL;
    order = rc_git_order_hold(order);
    rc_git_share_unlock();
    return order;
}

static void share_order(rc_git_shared_t *shared, rc_git_order_t *order)
{
    rc_git_order_t *before;

    rc_git_share_lock();
    before = shared->order;
    shared->order = rc_git_order_hold(order);
    rc_git_share_weigh(shared);
    rc_git_share_unlock();
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

/* With an order, even an older one, the objects behind the references need not be read. */
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
    rc_err_t *err = rc_err_copy(rc_git_share_failed(shared, RC_GIT_REFS, start), pool);

    *refs = base;
    if (!err && base && shared->began >= start) /* another thread has read them meanwhile */
        return NULL;
    if (err) {
        rc_git_refs_free(base);
        return err;
    }
    if (!git->odb)
        err = rc_git_reopen(git, pool); /* an earlier attempt failed; it may succeed now */
    if (!err) {
        find_order(git, pool);
        err = rc_git_refs_read(refs, git, base, pool);
    }
    rc_git_share_fail(shared, RC_GIT_REFS, began, err);
    if (!err)
        share_refs(shared, *refs, began);
    rc_git_refs_free(base);
    return err;
}

static void drop_wire(rc_git_t *git)
{
    rc_git_wire_free(git->wire);
    git->wire = NULL;
}

rc_err_t *rc_git_look(rc_git_t *git, bool force, apr_pool_t *pool)
{
    rc_git_refs_t *refs;
    apr_time_t start;
    rc_work_t *work;
    rc_err_t *err;

    if (git->refs && !force)
        return NULL;
    start = rc_clock();
    if (force)
        drop_wire(git);
    refs = shared_refs(git->shared);
    if (!refs || !rc_git_refs_current(refs)) {
        rc_git_refs_free(refs);
        RC_TRY(rc_git_share_begin(git->shared, pool));
        work = rc_git_share_unlimited(git);
        err = read_refs(&refs, git, start, pool);
        git->work = work;
        rc_git_share_end(git->shared);
        RC_TRY(err);
    }
    use_refs(git, refs);
    return NULL;
}

void rc_git_share_told(rc_git_shared_t *shared, const rc_git_refs_t *refs)
{
    rc_git_told_t *told = rc_git_told_make(refs), *before;

    rc_git_share_lock();
    before = shared->told;
    shared->told = told;
    rc_git_share_weigh(shared);
    rc_git_share_unlock();
    rc_git_told_free(before);
}

/* Finds what this process has read of the repository's references, in both forms. */
static void known_refs(rc_git_refs_t **refs, rc_git_told_t **told, const rc_git_t *git)
{
    rc_git_garbage_t garbage = {NULL, 0};
    rc_git_shared_t *shared;

    *refs = NULL;
    *told = NULL;
    rc_git_share_lock();
    shared = rc_git_share_find(git->path, git->dev, git->ino);
    if (shared && (shared->refs || shared->told)) {
        *refs = rc_git_refs_hold(shared->refs);
        *told = rc_git_told_hold(shared->told);
        rc_git_share_use(&garbage, shared);
    }
    rc_git_share_unlock();
    rc_git_share_free(&garbage);
}

const char *rc_git_share_state(const rc_git_t *git, apr_pool_t *pool)
{
    const char *state = NULL;
    rc_git_refs_t *refs;
    rc_git_told_t *told;

    known_refs(&refs, &told, git);
    if (refs && rc_git_refs_current(refs))
        state = rc_hex_text(refs->state, RC_GIT_RAW, pool);
    else if (told && rc_stamps_same(told->watched))
        state = rc_hex_text(told->state, RC_GIT_RAW, pool);
    rc_git_refs_free(refs);
    rc_git_told_free(told);
    return state;
}

/* --- the order --- */

static rc_err_t *make_order(rc_git_t *git, apr_time_t start, apr_pool_t *pool)
{
    rc_git_shared_t *shared = git->shared;
    rc_git_order_t *order = shared_order(shared, git->refs);
    apr_time_t began = rc_clock();
    rc_err_t *err = rc_err_copy(rc_git_share_failed(shared, RC_GIT_ORDER, start), pool);

    if (!order && err)
        return err;
    if (!order) {
        err = rc_git_order_make(&order, git, git->refs, git->order, pool);
        rc_git_share_fail(shared, RC_GIT_ORDER, began, err);
        RC_TRY(err);
        share_order(shared, order);
    }
    use_order(git, order);
    return NULL;
}

rc_err_t *rc_git_refresh(rc_git_t *git, bool force, apr_pool_t *pool)
{
    rc_git_order_t *order;
    apr_time_t start;
    rc_err_t *err;

    if (git->refs && git->ordered && !force) /* for the second question of a request */
        return NULL;
    start = rc_clock();
    RC_TRY(rc_git_look(git, force, pool));
    if (git->ordered)
        return NULL;
    order = shared_order(git->shared, git->refs);
    if (order) {
        use_order(git, order);
    } else {
        RC_TRY(rc_git_share_begin(git->shared, pool));
        find_order(git, pool);
        err = make_order(git, start, pool);
        rc_git_share_end(git->shared);
        RC_TRY(err);
    }
    git->ordered = true;
    return NULL;
}

void rc_git_rest(rc_git_t *git)
{
    drop_wire(git);
    rc_git_refs_free(git->refs);
    rc_git_order_free(git->order);
    git->refs = NULL;
    git->order = NULL;
    git->ordered = false;
}
