// SPDX-License-Identifier: Apache-2.0
/*
 * Tests when the shared references of a repository that are more than a process may keep are freed
 * while no other repository is used.
 */
#include "git_fixture.h"

#include "base/kept.h"
#include "base/time.h"
#include "vcs/backend.h"
#include "vcs/git/share.h"

/* Makes a repository with 300,000 branches; returns what is shared of it, in use until the end of
 * @a pool. */
static rc_git_shared_t *read_many(apr_pool_t *pool)
{
    const char *state;
    rc_vcs_t *vcs;

    sh("git init -q --bare many && cd many && git update-ref refs/heads/main "
       "$(git commit-tree -m x $(git mktree </dev/null)) && git pack-refs --all && "
       "id=$(git rev-parse main) && seq -f \"$id refs/heads/z%%06.0f\" 300000 >> packed-refs");
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir("many"), NULL, pool));
    ASSERT_OK(rc_vcs_state(&state, vcs, pool));
    return ((rc_git_t *)vcs->repo)->shared;
}

/* Has the process tidied when the repository was used at @a used, and returns whether its
 * references are kept. */
static bool stay(const rc_git_shared_t *of, apr_time_t used)
{
    rc_git_shared_t *shared;
    bool stay;

    rc_git_share_lock();
    if ((shared = rc_git_share_find(of->path, of->dev, of->ino)))
        shared->used = used;
    rc_git_share_unlock();
    rc_vcs_pool_sweep(fixture.handles);
    rc_git_share_lock();
    shared = rc_git_share_find(of->path, of->dev, of->ino);
    stay = shared && shared->refs;
    rc_git_share_unlock();
    return stay;
}

static void unused_references_are_freed(void **state)
{
    rc_git_shared_t *shared, of;
    apr_pool_t *pool;

    (void)state;
    apr_pool_create(&pool, fixture.pool);
    shared = read_many(pool);
    of = *shared;
    of.path = apr_pstrdup(fixture.pool, shared->path);
    assert_true(shared->weight > RC_KEPT_REFS);
    assert_true(stay(&of, 0)); /* in use, for a long time */
    apr_pool_destroy(pool);
    assert_true(stay(&of, rc_clock()));
    assert_false(stay(&of, 0));
}

int main(void)
{
    const struct CMUnitTest tests[] = {cmocka_unit_test(unused_references_are_freed)};

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
