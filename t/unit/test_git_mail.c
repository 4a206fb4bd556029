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

static void compare_mail(const char *repo, const char *id, const rc_mail_t *mail,
                         const char *theirs, size_t theirs_len)
{
    size_t ours_len;
    char *ours = our_mail(&ours_len, repo, id, mail);

    ours_len = without_signature(ours, ours_len);
    theirs_len = without_signature(theirs, theirs_len);
    if (ours_len != theirs_len || memcmp(ours, theirs, ours_len))
        show_difference(repo, id, mail->diff, ours, ours_len, theirs, theirs_len);
    free(ours);
}

#define DATE " Mon Sep 17 00:00:00 2001\n" /* git's, whatever the commit's is */

/* Finds the start of the next of git's mails: "From ", 40 digits, and DATE. */
static char *next_mail(char *p, char *end)
{
    while (p < end) {
        char *stop = memchr(p, '\n', (size_t)(end - p));

        if (stop && stop + 1 - p == 45 + (int)strlen(DATE) && !strncmp(p, "From ", 5) &&
            !strncmp(p + 45, DATE, strlen(DATE)))
            return p;
        p = stop ? stop + 1 : end;
    }
    return end;
}

/* Compares the mails of all commits that are no merges; a commit without a difference has none.
 * Returns how many. */
static int compare_mails(const char *repo, const rc_mail_t *mail)
{
    size_t len;
    char *text = output(&len,
                        "git -C %s format-patch --stdout --root -N --full-index --binary -U%d %s "
                        "--all",
                        repo, mail->diff.context, mail->diff.ignore_space ? "-w" : "");
    char *list = output(NULL, "git -C %s rev-list --no-merges --all", repo), *end = text + len, *id;
    int n = 0;

    for (id = list; *id; id += 41, n++) {
        char *p, *next;

        id[40] = '\0';
        p = memmem(text, len, apr_pstrcat(fixture.pool, "From ", id, DATE, NULL),
                   45 + strlen(DATE));
        p = p ? p : end;
        next = p < end ? next_mail(p + 1, end) : p;
        /* an empty line stands between two mails */
        compare_mail(repo, id, mail, p, (size_t)(next - p) - (next < end));
    }
    free(list);
    free(text);
    return n;
}

static void equal_to_git(void **state)
{
    static const rc_mail_t mails[] = {{.diff = {.context = 3}}, {.diff = {.ignore_space = true}}};
    int round, n = 0;

    (void)state;
    for (round = 0; round < 4; round++) {
        const char *repo = apr_psprintf(fixture.pool, "random%d.git", round);

        random_repository(repo, commits / 4);
        n += compare_mails(repo, &mails[0]);
        assert_true(compare_mails(repo, &mails[1]) > 0);
    }
    assert_true(n > commits / 2);
}

/* Compares with the mail of one commit, to check that that of a series is equal to it. */
static void equal_alone(void **state)
{
    rc_mail_t mail = {.diff = {.context = 3}};
    char *list = output(NULL, "git -C random0.git rev-list --no-merges --all"), *p;
    int n = 0;

    (void)state;
    for (p = list; *p; p += 41) {
        size_t len;
        char *theirs;

        p[40] = '\0';
        if (n++ % 10)
            continue;
        theirs = output(
            &len, "git -C random0.git format-patch --stdout --full-index --binary -U3 -1 %s", p);
        compare_mail("random0.git", p, &mail, theirs, len);
        free(theirs);
    }
    free(list);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(equal_to_git),
        cmocka_unit_test(equal_alone),
    };
    const char *wish = getenv("SEED"), *many = getenv("COMMITS");

    seed = wish ? (unsigned)atoi(wish) : 11;
    commits = many ? atoi(many) : 300;
    srand(seed);
    printf("# seed %u\n", seed);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
