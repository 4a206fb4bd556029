// SPDX-License-Identifier: Apache-2.0
/*
 * Compares this module's diff with git's, byte for byte, for every commit of random repositories.
 * SEED and COMMITS in the environment select other and larger ones.
 */
#include "patience.h"
#include "git_compare.h"
#include "git_random.h"

static int commits;

/* The tree that our diff makes from the parent must be the commit's own. */
static void apply_one(const char *repo, const char *id, const char *tree, const char *parent)
{
    rc_diff_options_t options = {.context = 3};
    size_t len;
    char *ours = our_diff(&len, repo, id, options);
    FILE *f = fopen(in_dir("patch"), "w");

    fwrite(ours, 1, len, f);
    fclose(f);
    free(ours);
    if (!try_sh("export GIT_DIR=%s GIT_INDEX_FILE=$PWD/index; git read-tree %s && "
                "{ test ! -s patch || git apply --cached --binary --whitespace=nowarn patch; } && "
                "test $(git write-tree) = %s",
                repo, *parent ? parent : "--empty", tree))
        fail_msg("seed %u, %s, commit %s does not apply", seed, repo, id);
}

static void apply_some(const char *repo, int every)
{
    char *list = output(NULL, "git -C %s log --all --format='%%H %%T %%P'", repo), *p = list;
    char id[41], tree[41], parent[41];
    int n = 0;

    for (; *p; p = strchr(p, '\n') + 1) {
        parent[0] = '\0';
        assert_true(sscanf(p, "%40s %40s%*1[ ]%40[0-9a-f]", id, tree, parent) >= 2);
        if (n++ % every == 0)
            apply_one(repo, id, tree, parent);
    }
    assert_int_equal(n, commits / 4);
    free(list);
}

static void equal_to_git(void **state)
{
    static const int contexts[] = {3, 0, 1, 10, 100000};
    int round;

    (void)state;
    for (round = 0; round < 4; round++) {
        const char *repo = apr_psprintf(fixture.pool, "random%d.git", round);

        random_repository(repo, commits / 4);
        compare_all(repo, commits / 4, contexts, 10);
        apply_some(repo, 5);
    }
}

/* Compares with `git diff` itself, to check that diff-tree is equivalent to it. */
static void equal_to_porcelain(void **state)
{
    rc_diff_options_t options = {.context = 3};
    char *list, *p;
    int n = 0;

    (void)state;
    list = output(NULL, "git -C random0.git rev-list --min-parents=1 --all");
    for (p = list; *p; p += 41) {
        size_t len;
        char *theirs;

        p[40] = '\0';
        if (n++ % 10)
            continue;
        theirs = output(&len, "git -C random0.git diff " GIT_DIFF " -U3 %s^1 %s", p, p);
        compare_one("random0.git", p, options, theirs, len);
        free(theirs);
    }
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_git),
        cmocka_unit_test(equal_to_porcelain),
    };
    const char *wish = getenv("SEED"), *many = getenv("COMMITS");

    seed = wish ? (unsigned)atoi(wish) : 7;
    commits = many ? atoi(many) : unit_rounds(120, 400);
    srand(seed);
    printf("# seed %u\n", seed);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
