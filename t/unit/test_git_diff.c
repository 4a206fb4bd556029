// SPDX-License-Identifier: Apache-2.0
/*
 * Compares this module's diff with git's, byte for byte, for every commit of random repositories.
 * SEED and COMMITS in the environment select other and larger ones.
 */
#include "patience.h"
#include "git_compare.h"
#include "git_random.h"

static int commits;

/* Finds the start of the next commit in the output of diff-tree --stdin: a line of 40 digits. */
static char *next_commit(char *p, char *end)
{
    while (p < end) {
        char *stop = memchr(p, '\n', (size_t)(end - p));

        if (stop && stop - p == 40 && strspn(p, "0123456789abcdef") == 40)
            return p;
        p = stop ? stop + 1 : end;
    }
    return end;
}

/* diff-tree leaves out commits without a difference. */
static int compare_all(const char *repo, rc_diff_options_t options)
{
    size_t len;
    char *text = output(&len,
                        "git -C %s rev-list --parents --all | sed 's/^\\(.\\{81\\}\\).*/\\1/' | "
                        "git -C %s diff-tree --stdin --root -r " GIT_DIFF " -U%d %s",
                        repo, repo, options.context, options.ignore_space ? "-w" : "");
    char *p = next_commit(text, text + len), *end = text + len;
    int n = 0;

    while (p < end) {
        char *body = p + 41, *next = next_commit(body, end);

        p[40] = '\0';
        compare_one(repo, p, options, body, (size_t)(next - body));
        p = next;
        n++;
    }
    free(text);
    return n;
}

/* The tree that our diff makes from the parent must be the commit's own. */
static void apply_one(const char *repo, const char *id)
{
    rc_diff_options_t options = {.context = 3};
    size_t len;
    char *ours = our_diff(&len, repo, id, options);
    FILE *f = fopen(in_dir("patch"), "w");

    fwrite(ours, 1, len, f);
    fclose(f);
    free(ours);
    if (!try_sh("export GIT_DIR=%s GIT_INDEX_FILE=$PWD/index; rm -f index; "
                "if git rev-parse -q --verify %s^ >/dev/null; then git read-tree %s^; "
                "else git read-tree --empty; fi && "
                "{ test ! -s patch || git apply --cached --binary --whitespace=nowarn patch; } && "
                "test $(git write-tree) = $(git rev-parse %s^{tree})",
                repo, id, id, id))
        fail_msg("seed %u, %s, commit %s does not apply", seed, repo, id);
}

static void apply_some(const char *repo, int every)
{
    char *list = output(NULL, "git -C %s rev-list --all", repo), *p = list;
    int n = 0;

    for (; *p; p += 41) {
        p[40] = '\0';
        if (n++ % every == 0)
            apply_one(repo, p);
    }
    free(list);
}

static void equal_to_git(void **state)
{
    static const int contexts[] = {3, 0, 1, 10, 100000};
    int round, i, n;

    (void)state;
    for (round = 0; round < 4; round++) {
        const char *repo = apr_psprintf(fixture.pool, "random%d.git", round);

        random_repository(repo, commits / 4);
        for (i = 0; i < 10; i++) {
            rc_diff_options_t options = {.context = contexts[i % 5], .ignore_space = i >= 5};

            n = compare_all(repo, options);
            assert_true(n > commits / 8);
        }
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
    commits = many ? atoi(many) : unit_rounds(200, 400);
    srand(seed);
    printf("# seed %u\n", seed);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
