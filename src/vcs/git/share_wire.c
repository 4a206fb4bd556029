// SPDX-License-Identifier: Apache-2.0
/*
 * Keeps one snapshot of all references for clients of git per repository and process, as share.c
 * keeps branches and tags.
 */
#include "share.h"

#include "wire.h"
#include "base/time.h"

static rc_git_wire_t *shared_wire(rc_git_shared_t *shared, apr_time_t *began)
{
    rc_git_garbage_t garbage = {NULL, 0};
    rc_git_wire_t *wire;

    rc_git_share_lock();
    rc_git_share_use(&garbage, shared);
    wire = rc_git_wire_hold(shared->wire);
    *began = shared->wire_began;
    rc_git_share_unlock();
    rc_git_share_free(&garbage);
    return wire;
}

static void share_wire(rc_git_shared_t *shared, rc_git_wire_t *wire, apr_time_t began)
{
    rc_git_wire_t *before;

    rc_git_share_lock();
    before = shared->wire;
    shared->wire = rc_git_wire_hold(wire);
    shared->wire_began = began;
    rc_git_share_weigh(shared);
    rc_git_share_unlock();
    rc_git_wire_free(before);
}

static rc_err_t *read_wire(rc_git_wire_t **wire, rc_git_t *git, apr_time_t start, apr_pool_t *pool)
{
    rc_git_shared_t *shared = git->shared;
    apr_time_t read_at, began = rc_clock();
    rc_git_wire_t *base = shared_wire(shared, &read_at);
    rc_err_t *err = NULL;

    *wire = base;
    if (base && read_at >= start) /* another thread has read them meanwhile */
        return NULL;
    if (rc_git_share_failed(shared, RC_GIT_WIRE, start)) {
        rc_git_wire_free(base);
        return rc_err_copy(rc_git_share_failed(shared, RC_GIT_WIRE, start), pool);
    }
    if (!git->odb)
        err = rc_git_reopen(git, pool); /* an earlier attempt failed; it may succeed now */
    if (!err)
        err = rc_git_wire_read(wire, git, base, pool);
    rc_git_share_fail(shared, RC_GIT_WIRE, began, err);
    if (!err)
        share_wire(shared, *wire, began);
    rc_git_wire_free(base);
    return err;
}

rc_err_t *rc_git_wire_look(rc_git_t *git, apr_pool_t *pool)
{
    apr_time_t start = rc_clock(), read_at;
    rc_git_wire_t *wire;
    rc_work_t *work;
    rc_err_t *err;

    if (git->wire)
        return NULL;
    wire = shared_wire(git->shared, &read_at);
    if (!wire || !rc_stamps_same(wire->watched)) {
        rc_git_wire_free(wire);
        RC_TRY(rc_git_share_begin(git->shared, pool));
        work = rc_git_share_unlimited(git);
        err = read_wire(&wire, git, start, pool);
        git->work = work;
        rc_git_share_end(git->shared);
        RC_TRY(err);
    }
    git->wire = wire;
    return NULL;
}
