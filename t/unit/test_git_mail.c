// SPDX-License-Identifier: Apache-2.0
/*
 * Compares this module's mails with git's, byte for byte except the signature, for every commit of
 * random repositories. SEED and COMMITS in the environment select other and larger ones.
 */
#include "git_compare.h"
#include "git_random.h"

static int commits;

static char *our_mail(size_t *len, const char *repo, const char *id, const rc_mail_t *mail)
{
    apr_pool_t *pool;
    rc_vcs_t *vcs;
    rc_spool_t *spool;
    const char *text;
    char *copy;

    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir(repo), NULL, pool));
    spool = rc_spool_create(fixture.dir, pool);
    ASSERT_OK(rc_vcs_mail(spool, vcs, id, mail, pool));
    *len = (size_t)rc_spool_size(spool);
    ASSERT_OK(rc_spool_string(&text, spool, pool));
    copy = malloc(*len + 1);
    memcpy(copy, text, *len + 1);
    apr_pool_destroy(pool);
    return copy;
}

/* Returns the length without the last three lines: "-- ", its text, and an empty one. */
static size_t without_signature(const char *text, size_t len)
{
    int lines;

    for (lines = 0; lines < 3 && len; lines++) {
        const char *stop = memrchr(text, '\n', len - 1);

        len = stop ? (size_t)(stop + 1 - text) : 0;
    }
    return len;
}

static void compare_mail(const char *repo, const char *id, const rc_mail_t *mail)
{
    size_t ours_len, theirs_len;
    char *ours = our_mail(&ours_len, repo, id, mail);
    char *theirs =
        output(&theirs_len, "git -C %s format-patch --stdout --full-index --binary -U%d %s -1 %s",
               repo, mail->diff.context, mail->diff.ignore_space ? "-w" : "", id);

    ours_len = without_signature(ours, ours_len);
    theirs_len = without_signature(theirs, theirs_len);
    if (ours_len != theirs_len || memcmp(ours, theirs, ours_len))
        show_difference(repo, id, mail->diff, ours, ours_len, theirs, theirs_len);
    free(ours);
    free(theirs);
}

static void equal_to_git(void **state)
{
    static const rc_mail_t mails[] = {{.diff = {.context = 3}}, {.diff = {.ignore_space = true}}};
    int round, n = 0;

    (void)state;
    for (round = 0; round < 4; round++) {
        const char *repo = apr_psprintf(fixture.pool, "random%d.git", round);
        char *list, *p;

        random_repository(repo, commits / 4);
        list = output(NULL, "git -C %s rev-list --no-merges --all", repo);
        for (p = list; *p; p += 41) {
            p[40] = '\0';
            compare_mail(repo, p, &mails[n++ % 4 == 0]);
        }
        free(list);
    }
    assert_true(n > commits / 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_git),
    };
    const char *wish = getenv("SEED"), *many = getenv("COMMITS");

    seed = wish ? (unsigned)atoi(wish) : 11;
    commits = many ? atoi(many) : 300;
    srand(seed);
    printf("# seed %u\n", seed);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
