// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the maintenance of git repositories: what it packs, indexes, keeps and removes; what a stop
 * or a failure leaves; when it is due.
 */
#include "patience.h"
#include "git_fixture.h"

#include <sys/resource.h>

#include "base/time.h"
#include "vcs/library.h"

#define OLD_FILE "touch -d '3 hours ago' "

static rc_maintain_t options;

static int begin(void **state)
{
    options = (rc_maintain_t){.deadline = rc_clock() + apr_time_from_sec(600)};
    (void)state;
    return 0;
}

/* A bare repository with @a commits commits, a pack for each. */
static const char *repository(const char *name, int commits)
{
    sh("git init -q --bare -b main %s && for i in $(seq %d); do"
       " { echo 'commit refs/heads/main'; echo 'committer C <c@example.com>' $i' +0000';"
       " echo 'data 1'; echo x; [ $i = 1 ] || echo 'from refs/heads/main^0';"
       " echo \"M 100644 inline f$i\"; echo 'data 2'; printf '%%02d' $i; } |"
       " git -C %s -c fastimport.unpackLimit=0 fast-import --quiet || exit 1; done",
       name, commits, name);
    return in_dir(name);
}

static apr_array_header_t *maintain(const char *path)
{
    apr_array_header_t *actions;

    ASSERT_OK(rc_vcs_maintain(&actions, "git", path, &options, fixture.pool));
    return actions;
}

static int count(const char *path, const char *names)
{
    return atoi(line("ls -d %s/%s 2>/dev/null | wc -l", path, names));
}

static bool has(const char *path, const char *id)
{
    return try_sh("git -C %s cat-file -e %s 2>/dev/null", path, id);
}

static void test_packs_and_indexes(void **state)
{
    const char *path = repository("packs", 7);
    apr_array_header_t *actions;

    (void)state;
    assert_int_equal(count(path, "objects/pack/*.pack"), 7);
    actions = maintain(path);
    assert_int_equal(actions->nelts, 3);
    assert_string_equal(APR_ARRAY_IDX(actions, 0, const char *), "git pack-refs --all");
    assert_non_null(strstr(APR_ARRAY_IDX(actions, 1, const char *), "7 packs"));
    assert_int_equal(count(path, "objects/pack/*.pack"), 1);
    assert_int_equal(count(path, "objects/pack/*.bitmap"), 1);
    assert_int_equal(count(path, "objects/info/commit-graph"), 1);
    assert_int_equal(count(path, "packed-refs"), 1);
    sh("git -C packs fsck --full --strict >/dev/null && git -C packs rev-list --test-bitmap HEAD"
       " 2>/dev/null");
    maintain(path);
    maintain(repository("empty", 0));
}

/* A pack may be the only copy of what a reference reached until now; after two weeks it goes. */
static void test_unreachable(void **state)
{
    const char *path = repository("lost", 3), *kept = repository("kept", 0), *lost, *tip, *mine;

    (void)state;
    tip = line("git -C lost rev-parse main");
    sh("git -C lost update-ref refs/heads/main main~1");
    lost = line("echo lost | git -C lost hash-object -w --stdin");
    mine = line("git -C lost rev-parse main");
    maintain(path);
    assert_int_equal(count(path, "objects/pack/*.mtimes"), 1);
    assert_true(has(path, tip) && has(path, lost));
    maintain(path);
    assert_true(has(path, tip) && has(path, lost));
    options.prune_now = true;
    maintain(path);
    assert_true(!has(path, tip) && !has(path, lost) && has(path, mine));
    options.prune_now = false;
    lost = line("echo lost | git -C kept hash-object -w --stdin");
    sh("touch -d '15 days ago' kept/objects/*/*");
    maintain(kept);
    assert_false(has(kept, lost));
}

static void test_borrowed(void **state)
{
    apr_array_header_t *actions;
    rc_err_t *err;
    const char *path;

    (void)state;
    repository("lender", 3);
    sh("git clone -q --bare --shared lender borrower && git init -q --bare precious &&"
       " git -C precious config extensions.preciousObjects true &&"
       " git -C precious config core.repositoryFormatVersion 1");
    path = in_dir("borrower");
    maintain(path);
    assert_int_equal(count(path, "objects/pack/*.pack"), 0);
    sh("git -C borrower fsck --full >/dev/null");
    err = rc_vcs_maintain(&actions, "git", in_dir("precious"), &options, fixture.pool);
    assert_true(err && err->kind == RC_E_FAILED);
}

/* A program that is killed leaves such files. */
static void test_leftovers(void **state)
{
    static const char *const names[] = {"objects/tmp_objdir-incoming-a/pack/tmp_pack_a",
                                        "objects/pack/tmp_pack_b",
                                        "objects/pack/.tmp-1-pack-c.pack",
                                        "objects/info/commit-graph.lock",
                                        "objects/17/tmp_obj_d",
                                        "refs/heads/x/y.lock",
                                        "packed-refs.lock",
                                        "HEAD.lock"};
    const char *path = repository("left", 1), *done;
    apr_size_t i, n = sizeof(names) / sizeof(*names);

    (void)state;
    for (i = 0; i < n; i++)
        sh("mkdir -p $(dirname left/%s) && echo x > left/%s", names[i], names[i]);
    sh("for k in left/objects/pack/*.pack; do k=${k%%.pack}; echo 'receive-pack 1 on h' > $k.keep;"
       " echo 'mine' > left/objects/pack/pack-0000000000000000000000000000000000000000.keep; done");
    ASSERT_OK(rc_vcs_sweep(&done, "git", path, fixture.pool));
    assert_null(done); /* all of them are new */
    sh("find left -exec " OLD_FILE
       "{} +; echo >> left/objects/tmp_objdir-incoming-a/pack/tmp_pack_a");
    ASSERT_OK(rc_vcs_sweep(&done, "git", path, fixture.pool));
    assert_non_null(done);
    assert_int_equal(count(path, names[0]), 1); /* still written to */
    for (i = 1; i < n; i++)
        if (count(path, names[i]))
            fail_msg("%s is still there", names[i]);
    assert_int_equal(count(path, "objects/pack/*.keep"), 1); /* the user's */
    sh("find left -exec " OLD_FILE "{} +");
    ASSERT_OK(rc_vcs_sweep(&done, "git", path, fixture.pool));
    assert_int_equal(count(path, "objects/tmp_objdir*"), 0);
    sh("git -C left fsck --full >/dev/null && git -C left rev-parse -q --verify main >/dev/null");
}

/* A crash came after the pack and before its index, or the disk was full. */
static void test_pack_without_index(void **state)
{
    const char *path = repository("half", 3), *tip = line("git -C half rev-parse main");
    rc_maintain_t small = options;
    struct rlimit before, now;
    apr_array_header_t *actions;
    rc_err_t *err;

    (void)state;
    sh("rm $(ls half/objects/pack/*.idx | head -1) && " OLD_FILE "half/objects/pack/*");
    assert_true(maintain(path)->nelts == 4 && has(path, tip));
    sh("git -C half fsck --full >/dev/null && head -c 400000 /dev/urandom > r &&"
       " git -C half hash-object -w ../r >/dev/null");
    getrlimit(RLIMIT_FSIZE, &before);
    now = before;
    now.rlim_cur = 100000;
    setrlimit(RLIMIT_FSIZE, &now);
    err = rc_vcs_maintain(&actions, "git", path, &small, fixture.pool);
    setrlimit(RLIMIT_FSIZE, &before);
    assert_int_equal(err->kind, RC_E_FAILED);
    assert_int_equal(count(path, "objects/pack/*tmp*") + count(path, "objects/pack/.tmp*"), 0);
    assert_true(has(path, tip) && has(path, line("git hash-object r")));
    maintain(path);
}

/* What only the stripped commits held is gone at once; nothing else is. */
static void test_strip(void **state)
{
    const char *path = repository("strip", 4), *tip, *mine, *base, *lost, *back, *blob;
    rc_vcs_t *vcs;

    (void)state;
    base = line("git -C strip rev-parse main~3");
    lost = line("echo lost | git -C strip hash-object -w --stdin");
    back = line("printf 01 | git hash-object --stdin");
    /* the last commit brings back a file that the one before does not have, and the first one has
     */
    sh("git -C strip -c fastimport.unpackLimit=0 fast-import --quiet <<'E'\n"
       "commit refs/heads/main\ncommitter C <c@example.com> 8 +0000\ndata 1\nx\nfrom "
       "refs/heads/main^0\ndeleteall\nM 100644 inline g\ndata 1\ng\n"
       "commit refs/heads/main\ncommitter C <c@example.com> 9 +0000\ndata 1\nx\n"
       "deleteall\nM 100644 inline f1\ndata 2\n01\nM 100644 inline h\ndata 1\nh\nE\n");
    tip = line("git -C strip rev-parse main");
    mine = line("git -C strip rev-parse main~1");
    blob = line("git -C strip rev-parse main:h");
    assert_string_equal(
        line("git -C strip rev-list --objects main --not main~1 | grep -o %s", back), back);
    maintain(path);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", path, NULL, fixture.pool));
    ASSERT_OK(rc_vcs_strip(vcs, "main", tip, 0, NULL, fixture.pool));
    assert_string_equal(line("git -C strip rev-parse main"), mine);
    assert_false(has(path, tip) || has(path, blob));
    assert_true(has(path, mine) && has(path, base) && has(path, lost) && has(path, back));
    sh("git -C strip fsck --full --no-dangling >/dev/null && git -C strip commit-graph verify"
       " --no-progress");
    maintain(path);
    assert_true(has(path, lost));
    sh("git -C strip branch other main");
    ASSERT_OK(rc_vcs_strip(vcs, "main", mine, 0, NULL, fixture.pool));
    assert_true(has(path, mine)); /* another branch holds it */
}

static bool no(void *baton)
{
    (void)baton;
    return false;
}

static void keep_action(void *baton, const char *action)
{
    const char **last = baton;

    *last = apr_pstrdup(fixture.pool, action);
}

/* Stopped, out of time, or with a damaged object: nothing is lost, and nothing is left. */
static void test_stopped(void **state)
{
    const char *path = repository("stop", 4), *last = NULL;
    rc_maintain_t stopped = {.deadline = options.deadline, .go_on = no}, late = {.deadline = 1};
    apr_array_header_t *actions;
    rc_err_t *err;

    (void)state;
    stopped.progress = keep_action;
    stopped.baton = &last;
    /* so much that git compresses until the next check */
    sh("for n in 0 1 2 3 4 5 6 7 8 9; do head -c 4000000 /dev/urandom > big.$n; done;"
       " git -c core.looseCompression=0 -C stop hash-object -w $PWD/big.* >/dev/null");
    err = rc_vcs_maintain(&actions, "git", path, &stopped, fixture.pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_GONE);
    assert_string_equal(last, "repack");
    err = rc_vcs_maintain(&actions, "git", path, &late, fixture.pool);
    assert_int_equal(err->kind, RC_E_FAILED);
    assert_int_equal(count(path, "objects/pack/*tmp*"), 0);
    assert_int_equal(count(path, "objects/pack/.tmp*"), 0);
    sh("git -C stop fsck --full >/dev/null");
    sh("p=$(ls stop/objects/pack/*.pack | head -1) && chmod u+w $p && : > $p");
    err = rc_vcs_maintain(&actions, "git", path, &options, fixture.pool);
    assert_int_equal(err->kind, RC_E_FAILED);
    assert_int_equal(count(path, "objects/pack/*.pack"), 4);
}

static bool due(const char *path)
{
    bool needed;

    ASSERT_OK(rc_vcs_needs_maintenance(&needed, "git", path, fixture.pool));
    return needed;
}

static void test_due(void **state)
{
    const char *path = repository("due", 2);

    (void)state;
    assert_false(due(path));
    sh("cd due/objects/pack && for i in $(seq 49); do touch pack-$i.pack; done && touch pack-x.pack"
       " pack-x.keep");
    assert_true(due(path)); /* 51 without the kept one */
    sh("rm due/objects/pack/pack-1.pack");
    assert_false(due(path));
    sh("cd due/objects && mkdir 17 && cd 17 && seq -f %%038.0f 5000 | xargs touch");
    assert_false(due(path));
    sh("touch due/objects/17/ffffffffffffffffffffffffffffffffffffff");
    assert_true(due(path));
    path = repository("large", 1);
    sh("head -c 1100000 /dev/urandom > r && git -C large hash-object -w ../r >/dev/null &&"
       " git -C large tag r $(git -C large hash-object ../r) && git -C large -c "
       "repack.writeBitmaps=false repack -a -d -q");
    assert_true(due(path));
    maintain(path);
    assert_false(due(path));
    assert_false(due(in_dir("missing")));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup(test_packs_and_indexes, begin),
        cmocka_unit_test_setup(test_unreachable, begin),
        cmocka_unit_test_setup(test_borrowed, begin),
        cmocka_unit_test_setup(test_leftovers, begin),
        cmocka_unit_test_setup(test_pack_without_index, begin),
        cmocka_unit_test_setup(test_strip, begin),
        cmocka_unit_test_setup(test_stopped, begin),
        cmocka_unit_test_setup(test_due, begin),
    };

    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
