// SPDX-License-Identifier: Apache-2.0
/*
 * Tests names of commits as clients write them (contract 02 §1.8), and reading one: text, author,
 * branch.
 */
#include "git_fixture.h"

static rc_vcs_t *vcs;

static void reopen(const char *name)
{
    static apr_pool_t *use;

    if (use)
        apr_pool_destroy(use);
    apr_pool_create(&use, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir(name), NULL, use));
}

static const char *resolve(const char *rev)
{
    rc_rev_t found;

    ASSERT_OK(rc_vcs_resolve(&found, vcs, rev, fixture.pool));
    return found.id;
}

static rc_commit_t *read_commit(const char *rev)
{
    rc_commit_t *commit;
    rc_rev_t found;

    ASSERT_OK(rc_vcs_resolve(&found, vcs, rev, fixture.pool));
    ASSERT_OK(rc_vcs_commit(&commit, vcs, &found, fixture.pool));
    assert_string_equal(commit->id, found.id);
    return commit;
}

#define assert_rev(rev, id) assert_string_equal(resolve(rev), id)
#define assert_unknown(rev) assert_null(resolve(rev))

static void names(void **state)
{
    const char *root, *second, *tip, *side;

    (void)state;
    sh("git init -q -b master names && cd names && export GIT_COMMITTER_DATE='1000000000 +0000' && "
       "git commit -q --allow-empty -m 0 && GIT_COMMITTER_DATE='1000000100 +0000' "
       "git commit -q --allow-empty -m 1 && git checkout -q -b feature/x HEAD^ && "
       "GIT_COMMITTER_DATE='1000000200 +0000' git commit -q --allow-empty -m 2 && "
       "git checkout -q -b side master && GIT_COMMITTER_DATE='1000000300 +0000' "
       "git commit -q --allow-empty -m 3 && git checkout -q master && git tag light feature/x && "
       "git tag -a -m t heavy feature/x && git tag both master && git branch both side && "
       "git tag tree HEAD^{tree} && git branch 12 side && git branch tip feature/x && "
       "git branch 123456789012 feature/x && git branch dead && git tag 000 && "
       "git branch $(git rev-parse master) side && git tag $(git rev-parse side) master && "
       "git tag 1 side && git tag 20240101 master && git tag 4294967297 side && "
       "git tag $(git rev-parse --short=9 master) side");
    reopen("names/.git");
    root = line("git -C names rev-parse master^");
    second = line("git -C names rev-parse master");
    side = line("git -C names rev-parse side");
    tip = side;

    assert_rev(NULL, tip);
    assert_rev("", tip);
    assert_rev("tip", tip);
    assert_rev("HEAD", tip); /* the last commit, not the HEAD branch */
    assert_rev("head", tip);
    assert_rev("0", root);
    assert_rev("00000000", root);
    assert_rev("0000000000000000000000000000000000000000", root);
    assert_rev("000000000000000000000000000000000000000000000000", root);
    assert_rev("1", second);
    assert_rev("01", second);
    assert_rev("3", side);
    assert_unknown("4");
    assert_rev("12", side); /* not an index: there are fewer commits */
    assert_unknown("99999999999");
    assert_rev("123456789012", resolve("feature/x")); /* twelve digits: no index */
    assert_unknown("999999999999");
    assert_unknown("99999999999999999999999999999999999999999999");
    assert_rev("master", second);
    assert_rev("light", resolve("feature/x"));
    assert_rev("heavy", resolve("feature/x"));
    assert_rev("both", side); /* the branch wins */
    assert_unknown("tree");
    assert_rev(root, root);
    assert_rev(second, second); /* not the branch of that name */
    assert_rev(side, side);
    assert_rev("20240101", second);
    assert_rev("4294967297", side);
    assert_rev(apr_pstrmemdup(fixture.pool, second, 9),
               side); /* a name takes precedence over a prefix */
    assert_unknown(line("git -C names rev-parse heavy")); /* a tag's own id */
    assert_unknown(line("git -C names rev-parse master^{tree}"));
}

static void digits(void **state)
{
    const char *id, *orphan;
    char *upper, *p;
    int n;

    (void)state;
    reopen("names/.git");
    id = resolve("3");
    for (n = 7; n <= 40; n++)
        assert_rev(apr_pstrmemdup(fixture.pool, id, (apr_size_t)n), id);
    assert_unknown(apr_pstrmemdup(fixture.pool, id, 6));
    assert_unknown(apr_pstrcat(fixture.pool, id, "0", NULL));
    upper = apr_pstrdup(fixture.pool, id);
    for (p = upper; *p; p++)
        if (*p >= 'a')
            *p = (char)(*p - 'a' + 'A');
    assert_rev(upper, id);
    id = apr_pstrcat(fixture.pool, apr_pstrmemdup(fixture.pool, id, 39), id[39] == '0' ? "1" : "0",
                     NULL);
    assert_unknown(id);
    orphan = line("cd names && git commit-tree -m orphan HEAD^{tree}");
    assert_unknown(orphan); /* it exists, but no branch or tag leads to it */
}

static void hostile(void **state)
{
    static const char *const revs[] = {
        "-",
        "--all",
        "-n1",
        "master^",
        "master~1",
        "master^{tree}",
        "master@{0}",
        "@",
        "@{-1}",
        ":/0",
        "master:file",
        "..",
        "0..1",
        "master..side",
        "^master",
        "../master",
        "refs/heads/master",
        "heads/master",
        "master\n",
        "\x01",
        " master",
        "master ",
        "-1",
        "+1",
        "1 ",
        "0x1",
        "\xff\xfe",
        "%s%n",
        "feature",
        "feature/",
        "tags/light",
        "tip ",
        "Tip",
        "1e1",
        "abcdefg",
        "$(id)",
    };
    char *huge = apr_palloc(fixture.pool, 10001);
    size_t i;

    (void)state;
    reopen("names/.git");
    for (i = 0; i < sizeof(revs) / sizeof(*revs); i++)
        assert_unknown(revs[i]);
    memset(huge, 'a', 10000);
    huge[10000] = '\0';
    assert_unknown(huge);
    memset(huge, '1', 10000);
    assert_unknown(huge);
    memset(huge, '0', 10000);
    assert_rev(huge, resolve("0"));
}

static void ambiguous(void **state)
{
    char *list, *p;
    const char *prefix;

    (void)state;
    /* Among some thousands of commits, two begin with the same 4 digits, but hardly with 7. */
    sh("git init -q --bare amb.git && perl -e 'for (1..3000) { print \"commit refs/heads/b\\n"
       "committer C <c\\@x> $_ +0000\\ndata 1\\nx\\n\" }' | git -C amb.git fast-import --quiet");
    reopen("amb.git");
    list = output(NULL, "git -C amb.git rev-list b");
    for (p = list; *p; p += 41) {
        p[40] = '\0';
        prefix = apr_pstrmemdup(fixture.pool, p, 12);
        assert_rev(p, p);
        if (strspn(prefix, "0123456789") < 12)
            assert_rev(prefix, p);
    }
    free(list);
}

static void text(void **state)
{
    rc_commit_t *commit;

    (void)state;
    sh("git init -q -b main text && cd text && printf 'Gr\\303\\274\\303\\237e\\n\\nbody\\n\\n' | "
       "git commit -q --allow-empty --cleanup=verbatim -F - && "
       "printf 'latin \\374' > m && git -c i18n.commitEncoding=ISO-8859-1 commit -q --allow-empty "
       "--cleanup=verbatim -F m && printf 'raw \\374\\n' > raw && "
       "git commit -q --allow-empty --cleanup=verbatim -F raw 2>/dev/null && "
       "printf '\\322\\273\\n' > m && git -c i18n.commitEncoding=GB18030 commit -q --allow-empty "
       "-F m"
       " && printf 'k \\303\\244\\n' > m && "
       "git -c i18n.commitEncoding=../no//such commit -q --allow-empty -F m");
    reopen("text/.git");
    commit = read_commit("0");
    assert_string_equal(commit->message, "Gr\xc3\xbc\xc3\x9f"
                                         "e\n\nbody\n\n");
    assert_string_equal(commit->author, "Ann Author <ann@example.com>");
    assert_int_equal(commit->revision, 0);
    assert_null(commit->parents[0]);
    assert_null(commit->branch);
    assert_string_equal(read_commit("1")->message, "latin \xc3\xbc");
    assert_string_equal(read_commit("2")->message, "raw \xc3\xbc\n");
    assert_string_equal(read_commit("3")->message, "\xe4\xb8\x80\n");
    commit = read_commit("4");
    assert_string_equal(commit->message, "k \xc3\xa4\n");
    assert_string_equal(commit->branch, "main");
    assert_string_equal(commit->parents[0], resolve("3"));
    assert_null(commit->parents[1]);
    assert_true(commit->time > 1600000000);
}

/* Writes a commit by hand: no author, signatures, odd dates, a NUL in the message. */
static const char *raw_commit(const char *name, const char *lines)
{
    FILE *f = fopen(in_dir("raw"), "w");

    fprintf(f, "tree %s\n%s", line("git -C text rev-parse HEAD^{tree}"), lines);
    fclose(f);
    /* Not by update-ref, because git would reject some of them. */
    sh("cd text && git hash-object -t commit -w --literally --stdin < ../raw > .git/refs/heads/%s",
       name);
    reopen("text/.git");
    return name;
}

/* Tests idents of every form: the date is the one that git shows. */
static void assert_dates(void)
{
    static const char *const idents[] = {
        "C <a> b> 1234567890 +0000",
        "C <a>> 1234567890 +0000",
        "C <a> 5 +0000> 1234567890 -0130",
        "C > <a> 1234567890 +0000",
        "C <a>1234567890+0000",
        "C <a>\t 1234567890 \t +0000",
        "C <a> 1234567890",
        "C <a> 1234567890 0000",
        "C <a> 1234567890 +",
        "C <a> -1234567890 +0000",
        "C <a> +5 +0000",
        "C <a> 99999999999999999999 +0000",
        "C <a> 1234567890x +0000",
        "C <a> x 1234567890 +0000",
        "C <a> 007 +0000",
        "C <a> 1234567890 +12345678901234567890",
        "<a> 1234567890 +0000",
        "<> 1234567890 +0000",
        "> 1234567890 +0000",
        "1234567890 +0000",
    };
    size_t i;

    for (i = 0; i < sizeof(idents) / sizeof(*idents); i++) {
        const char *name = apr_psprintf(fixture.pool, "ident%d", (int)i), *date;

        raw_commit(name, apr_psprintf(fixture.pool, "author A <a@x> 5 +0000\ncommitter %s\n\nx\n",
                                      idents[i]));
        date = line("git -C text log -1 --format=%%cd --date=unix %s", name);
        if (read_commit(name)->time != apr_atoi64(date))
            fail_msg("%s: %s", idents[i], date);
    }
}

static void raw_commits(void **state)
{
    rc_commit_t *commit;
    const char *id;

    (void)state;
    id = raw_commit("sig", "author A <a@x> 1 +0000\ncommitter B <b@x> 1234567890 -0130\n"
                           "gpgsig -----BEGIN\n parent not one\n encoding none\n\nsubject");
    commit = read_commit(id);
    assert_string_equal(commit->message, "subject");
    assert_string_equal(commit->branch, "sig");
    assert_int_equal(commit->time, 1234567890);
    assert_null(commit->parents[0]);
    commit = read_commit(raw_commit("bare", "author nobody\ncommitter nobody\n\n"));
    assert_string_equal(commit->message, "");
    assert_string_equal(commit->author, "nobody");
    assert_int_equal(commit->time, 0);
    commit = read_commit(raw_commit("none", ""));
    assert_string_equal(commit->author, "");
    assert_string_equal(commit->message, "");
    commit = read_commit(raw_commit(
        "brackets", "author <A> B> <a@x> 5 +0000\ncommitter B <b@x> 99999999999 +0000\n\n\n\nx\n"));
    assert_string_equal(commit->author, "<A> B> <a@x>");
    assert_string_equal(commit->message, "\n\nx\n");
    assert_int_equal(commit->time, 99999999999);
    commit =
        read_commit(raw_commit("bad", "author \xff\xfe <a@x> 5 +0000\nencoding utf-7\n\n\xff"));
    assert_string_equal(commit->author, "\xc3\xbf\xc3\xbe <a@x>");
    assert_string_equal(commit->message, "\xc3\xbf");
    assert_dates();
    sh("cd text && git branch again bare && git branch a-first bare");
    reopen("text/.git");
    assert_string_equal(read_commit("bare")->branch, "a-first");
}

static void last_commit(void **state)
{
    const rc_rev_t odd = {0, "not an id"},
                   unknown = {0, "0123456789012345678901234567890123456789"};
    rc_commit_t *commit;
    rc_err_t *err;

    (void)state;
    reopen("names/.git");
    ASSERT_OK(rc_vcs_last_commit(&commit, vcs, fixture.pool));
    assert_string_equal(commit->id, resolve("tip"));
    assert_int_equal(commit->revision, 3);
    err = rc_vcs_commit(&commit, vcs, &odd, fixture.pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_INTERNAL);
    err = rc_vcs_commit(&commit, vcs, &unknown, fixture.pool);
    assert_non_null(err);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names),       cmocka_unit_test(digits), cmocka_unit_test(hostile),
        cmocka_unit_test(ambiguous),   cmocka_unit_test(text),   cmocka_unit_test(raw_commits),
        cmocka_unit_test(last_commit),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
