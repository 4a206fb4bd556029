// SPDX-License-Identifier: Apache-2.0
/*
 * Compares lines added and deleted per file with git's own numbers for every commit of random
 * repositories; tests limits, and the state of branches and tags.
 */
#include "git_compare.h"
#include "git_random.h"

static rc_err_t *print_change(void *baton, const rc_change_t *change)
{
    rc_spool_t *spool = baton;

    if (!change->hunks)
        return rc_spool_printf(spool, "-\t-\t%s\n", change->path);
    return rc_spool_printf(spool, "%" APR_INT64_T_FMT "\t%" APR_INT64_T_FMT "\t%s\n", change->added,
                           change->deleted, change->path);
}

static const char *ours(bool *more, const char *repo, const char *id, rc_stat_limits_t *limits,
                        apr_pool_t *pool)
{
    rc_spool_t *spool = rc_spool_create(fixture.dir, pool);
    const char *text;
    rc_vcs_t *vcs;

    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir(repo), NULL, pool));
    ASSERT_OK(rc_vcs_stat(more, vcs, id, limits, print_change, spool, pool));
    ASSERT_OK(rc_spool_string(&text, spool, pool));
    return text;
}

/* Returns git's numbers, NULs made lines: the id of each commit, followed by its files. */
static char *theirs(size_t *len, const char *repo)
{
    return output(len,
                  "git -C %s rev-list --parents --all | sed 's/^\\(.\\{81\\}\\).*/\\1/' | "
                  "git -C %s -c core.quotePath=false diff-tree --stdin --always --root -r "
                  "--numstat -z --no-renames | tr '\\0' '\\n'",
                  repo, repo);
}

/* Compares each commit of all branches with its first parent, or with nothing. Returns how many. */
static int compare_numbers(const char *repo)
{
    size_t len;
    char *text = theirs(&len, repo), *end = text + len, *p = next_commit(text, end);
    apr_pool_t *pool;
    int n = 0;

    apr_pool_create(&pool, fixture.pool);
    while (p < end) {
        rc_stat_limits_t limits = {100000, (apr_size_t)64 << 20};
        char *body = p + 41, *next = next_commit(body, end);
        bool more;

        apr_pool_clear(pool);
        p[40] = '\0';
        assert_string_equal(ours(&more, repo, p, &limits, pool),
                            apr_pstrmemdup(pool, body, (size_t)(next - body)));
        assert_false(more);
        p = next;
        n++;
    }
    free(text);
    apr_pool_destroy(pool);
    return n;
}

static void as_git_counts(void **state)
{
    int round;

    (void)state;
    for (round = 0; round < 3; round++) {
        const char *repo = apr_psprintf(fixture.pool, "random%d.git", round);

        random_repository(repo, 60);
        assert_int_equal(compare_numbers(repo), 60);
    }
}

/* Returns all changes of a commit on a new branch of "some", in the form of git's numbers. */
static const char *stat_of(const char *branch, bool *more, rc_stat_limits_t *limits)
{
    return ours(more, "some/.git", line("git -C some rev-parse %s", branch), limits, fixture.pool);
}

static void within_limits(void **state)
{
    rc_stat_limits_t limits = {1000, 1 << 20};
    bool more;

    (void)state;
    sh("git init -q some && cd some && mkdir d && for i in 1 2 3 4 5 6 7 8 9; do "
       "echo $i > d/$i; done && head -c 300000 /dev/zero | tr '\\0' x > large && git add . && "
       "git commit -qm 1 && git tag one");
    assert_string_equal(stat_of("one", &more, &limits), "1\t0\td/1\n1\t0\td/2\n1\t0\td/3\n"
                                                        "1\t0\td/4\n1\t0\td/5\n1\t0\td/6\n"
                                                        "1\t0\td/7\n1\t0\td/8\n1\t0\td/9\n"
                                                        "-\t-\tlarge\n");
    assert_false(more);
    assert_int_equal(limits.entries, 1000 - 11);
    assert_int_equal(limits.bytes, (1 << 20) - 18);
    limits = (rc_stat_limits_t){4, 5};
    assert_string_equal(stat_of("one", &more, &limits), "1\t0\td/1\n1\t0\td/2\n-\t-\td/3\n");
    assert_true(more);
    assert_int_equal(limits.entries, 0);
    assert_string_equal(stat_of("one", &more, &limits), "");
    assert_true(more);
}

/* A tree that contains itself many times, without a single file. */
static void bottomless(void **state)
{
    rc_stat_limits_t limits = {5000, 1 << 20};
    bool more;

    (void)state;
    sh("cd some && t=$(git mktree </dev/null) && for i in $(seq 40); do "
       "t=$(printf '040000 tree %%s\\ta\\n040000 tree %%s\\tb\\n' $t $t | git mktree); done && "
       "git tag deep $(git commit-tree -m x $t)");
    assert_string_equal(stat_of("deep", &more, &limits), "");
    assert_true(more);
}

static const char *state_of(const char *name)
{
    const char *word;
    rc_vcs_t *vcs;

    ASSERT_OK(rc_vcs_open(&vcs, NULL, "git", in_dir(name), NULL, fixture.pool));
    ASSERT_OK(rc_vcs_state(&word, vcs, fixture.pool));
    assert_int_equal(strlen(word), 40);
    return word;
}

static void states(void **state)
{
    static const char *const steps[] = {
        "git branch other",      "git branch -m other another",
        "git tag t another",     "git branch -D another",
        "git tag -d t",          "git commit -q --allow-empty -m 2",
        "git branch 'a' HEAD~1", "git tag -f a HEAD~1 && git branch -D a",
    };
    const char *before, *after;
    size_t i;

    (void)state;
    before = state_of("some");
    assert_string_equal(before, state_of("some"));
    sh("git clone -q --mirror some/.git same.git");
    assert_string_equal(before, state_of("same.git"));
    for (i = 0; i < sizeof(steps) / sizeof(*steps); i++, before = after) {
        sh("cd some && %s", steps[i]);
        after = state_of("some");
        assert_string_not_equal(before, after);
    }
    sh("cd some && git pack-refs --all && git gc -q");
    assert_string_equal(before, state_of("some"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(as_git_counts),
        cmocka_unit_test(within_limits),
        cmocka_unit_test(bottomless),
        cmocka_unit_test(states),
    };

    seed = getenv("SEED") ? (unsigned)atoi(getenv("SEED")) : 7;
    srand(seed);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
