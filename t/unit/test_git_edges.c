// SPDX-License-Identifier: Apache-2.0
/*
 * Tests edge cases of diffs: what random commits seldom contain, limits of the rename search,
 * damage.
 */
#include "patience.h"
#include "git_compare.h"

/* Returns the id of the newest commit, without a process. */
static const char *head(const char *repo)
{
    char id[41] = "";
    FILE *f = fopen(in_dir(apr_pstrcat(fixture.pool, repo, "/.git/refs/heads/master", NULL)), "r");

    assert_non_null(f);
    assert_int_equal(fread(id, 1, 40, f), 40);
    fclose(f);
    return apr_pstrdup(fixture.pool, id);
}

static const char *commit(const char *repo)
{
    sh("cd %s && git add -A && git commit -q --allow-empty -m x", repo);
    return head(repo);
}

static void work_tree(const char *repo)
{
    sh("git init -q -b master %s && git -C %s config core.quotePath false", repo, repo);
}

static const char *git_dir(const char *repo)
{
    return apr_pstrcat(fixture.pool, repo, "/.git", NULL);
}

/* Compares the @a n commits of a repository in the first @a settings of ten. */
static void assert_equal_at(const char *repo, int n, int settings)
{
    static const int contexts[] = {3, 0, 1, 1000000, 2147483647};

    compare_all(git_dir(repo), n, contexts, settings);
}

static void assert_equal(const char *repo, int n)
{
    assert_equal_at(repo, n, 10);
}

static void write_file(const char *path, const char *data, size_t len)
{
    FILE *f = fopen(in_dir(path), "w");

    assert_non_null(f);
    assert_int_equal(fwrite(data, 1, len, f), len);
    fclose(f);
}

static void small_cases(void **state)
{
    (void)state;
    work_tree("small");
    commit("small"); /* nothing at all */
    sh("cd small && printf 'a\\nb\\n' > text && : > empty && printf 'no newline' > bare && "
       "ln -s text link && printf 'x\\0y' > bin && mkdir dir && echo 1 > dir/one");
    commit("small");
    sh("cd small && chmod +x text");
    commit("small"); /* mode only */
    sh("cd small && git mv text renamed");
    commit("small"); /* pure rename */
    sh("cd small && git mv renamed again && chmod -x again");
    commit("small"); /* rename and mode */
    sh("cd small && rm empty && : > other_empty");
    commit("small"); /* empty files take part in renames */
    sh("cd small && printf 'no newline\\n' > bare && printf 'a\\nb' > again");
    commit("small");
    sh("cd small && rm link && echo text > link");
    commit("small"); /* link to file of the same content... */
    sh("cd small && rm link && ln -s elsewhere link && rm bin && mkdir bin && echo b > bin/b");
    commit("small"); /* file to directory */
    sh("cd small && rm -r dir && echo dir > dir && printf 'x\\0yz' > bin/b");
    commit("small");
    sh("cd small && git rm -q -r .");
    commit("small"); /* nothing left */
    assert_equal("small", 11);
}

static void submodules(void **state)
{
    static const char *const steps[] = {
        "--add --cacheinfo 160000,1111111111111111111111111111111111111111,sub",
        "--cacheinfo 160000,2222222222222222222222222222222222222222,sub",
        "--force-remove sub --add --cacheinfo "
        "160000,2222222222222222222222222222222222222222,moved",
        "--force-remove moved --add --cacheinfo "
        "100644,$(echo x | git hash-object -w --stdin),moved",
        "--cacheinfo 160000,3333333333333333333333333333333333333333,moved",
        "--force-remove moved",
    };
    size_t i;

    (void)state;
    work_tree("sub");
    for (i = 0; i < sizeof(steps) / sizeof(*steps); i++)
        sh("cd sub && git update-index %s && git commit -q -m x", steps[i]);
    assert_equal("sub", 6);
}

static void long_lines(void **state)
{
    char *text = malloc(600000);
    int i;

    (void)state;
    work_tree("long");
    for (i = 0; i < 600000; i++)
        text[i] = (char)(i % 200003 == 200002 ? '\n' : 'a' + i % 26);
    write_file("long/one", text, 600000);
    commit("long");
    text[400000] = '#';
    write_file("long/one", text, 600000);
    commit("long");
    for (i = 0; i < 160000; i++) /* short ones: a binary later, a text by its first 8000 bytes */
        text[i] = (char)(i % 5 == 4 ? '\n' : 'a' + rand() % 4);
    text[9000] = '\0';
    write_file("long/two", text, 160000);
    commit("long");
    for (i = 0; i < 60; i++)
        text[rand() % 160000] = 'Z';
    write_file("long/two", text, 160000);
    commit("long");
    free(text);
    assert_equal("long", 4);
}

/* Tails that are equal over many blocks of 1024 bytes; git cuts them when there is no context. */
static void equal_tails(void **state)
{
    int round;

    (void)state;
    work_tree("tails");
    for (round = 0; round < 12; round++) {
        sh("cd tails && { seq 1 %d; for i in $(seq 1 %d); do echo; echo '}'; done; } > f",
           round / 2 * 7, 600 + (round + 1) / 2 * 5);
        commit("tails");
    }
    assert_equal("tails", 12);
}

/* --- commits written as a stream: thousands of files would be as many objects --- */

static FILE *begin_stream(void)
{
    FILE *stream = fopen(in_dir("stream"), "w");

    assert_non_null(stream);
    return stream;
}

static void begin_commit(FILE *stream)
{
    fputs("commit refs/heads/master\ncommitter C <c@x> 1000000 +0000\ndata 1\nx\n", stream);
}

static void end_stream(FILE *stream, const char *repo)
{
    fclose(stream);
    work_tree(repo);
    sh("git -C %s fast-import --quiet <stream", repo);
}

static void add_file(FILE *stream, const char *path, const char *text)
{
    fprintf(stream, "M 644 inline %s\ndata %zu\n%s\n", path, strlen(text), text);
}

static void add_files(FILE *stream, const char *dir, int n, int seed_line)
{
    char path[64], text[256];
    int i;

    for (i = 0; i < n; i++) {
        snprintf(path, sizeof(path), "%s/f%d_%d", dir, seed_line, i);
        snprintf(text, sizeof(text),
                 "line 0 of the file %d\nline 1 of the file %d\nline 2 of the file %d\n"
                 "line %d of the file %d\nline 4 of the file %d\nline 5 of the file %d\n",
                 i, i, i, seed_line + i, i, i, i);
        add_file(stream, path, text);
    }
}

/* At most 1000 x 1000 pairs are compared; above that only exact renames are found. */
static void rename_limit(void **state)
{
    FILE *stream = begin_stream();

    (void)state;
    begin_commit(stream);
    add_files(stream, "a", 1001, 0);
    begin_commit(stream); /* one too many: no renames */
    fputs("D a\n", stream);
    add_files(stream, "b", 1001, 100000);
    begin_commit(stream); /* exact renames */
    fputs("R b c\n", stream);
    begin_commit(stream);
    fputs("D c\n", stream);
    add_files(stream, "d", 300, 0);
    add_files(stream, "e", 300, 0); /* several candidates for each */
    begin_commit(stream);
    fputs("D d\n", stream);
    add_files(stream, "g", 300, 500000);
    end_stream(stream, "many");
    assert_equal_at("many", 5, 2); /* renames do not depend on the context */
}

static void many_equal_files(void **state)
{
    FILE *stream = begin_stream();
    int i;

    (void)state;
    begin_commit(stream);
    for (i = 1; i <= 400; i++) {
        add_file(stream, apr_psprintf(fixture.pool, "a/e%d", i), "");
        add_file(stream, apr_psprintf(fixture.pool, "a/s%d", i), "same\n");
    }
    begin_commit(stream);
    for (i = 100; i <= 350; i++)
        fprintf(stream, "R a/e%d b/x%d\nR a/s%d b/s%d\n", i, i, i, i * 3 % 400);
    end_stream(stream, "equal");
    assert_equal("equal", 2);
}

static rc_err_t *diff_of(const char *repo, const char *id)
{
    rc_diff_options_t options = {.context = 3};
    apr_pool_t *pool;
    rc_vcs_t *vcs;

    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, NULL, "git", in_dir(git_dir(repo)), NULL, pool));
    return rc_vcs_diff(rc_spool_create(fixture.dir, pool), vcs, id, &options, pool);
}

static void drop_object(const char *repo, const char *rev)
{
    const char *id = line("git -C %s rev-parse %s", repo, rev);

    sh("rm -f %s/.git/objects/%.2s/%s", repo, id, id + 2);
}

static void damage(void **state)
{
    const char *id, *blob, *tree;

    (void)state;
    work_tree("damage");
    sh("cd damage && mkdir d && seq 1 50 > d/f && seq 1 60 > g");
    commit("damage");
    sh("cd damage && seq 2 50 > d/f && git mv g h && seq 5 60 > h");
    id = commit("damage");
    assert_null(diff_of("damage", id));
    blob = line("git -C damage rev-parse HEAD:d/f");
    tree = line("git -C damage rev-parse HEAD:d");
    drop_object("damage", "HEAD:h");
    assert_non_null(diff_of("damage", id));
    drop_object("damage", blob);
    assert_non_null(diff_of("damage", id));
    drop_object("damage", tree);
    assert_non_null(diff_of("damage", id));
    drop_object("damage", "HEAD^");
    assert_non_null(diff_of("damage", id));
    assert_non_null(diff_of("damage", "0123456789012345678901234567890123456789"));
    assert_non_null(diff_of("damage", "no id"));
    assert_non_null(diff_of("damage", blob)); /* not a commit */
}

/* Trees that git itself would not write: odd modes, truncated entries. */
static void odd_trees(void **state)
{
    const char *blob, *tree, *id;

    (void)state;
    setenv("HEX", "perl -ne chomp;print+pack+q(H*),$_", 1);
    work_tree("odd");
    commit("odd");
    blob = line("echo x | git -C odd hash-object -w --stdin");
    tree = line("cd odd && { printf '100664 a\\0'; echo %s | $HEX; printf '100755 b\\0'; "
                "echo %s | $HEX; } | git hash-object -t tree -w --literally --stdin",
                blob, blob);
    id = line("cd odd && git commit-tree -p HEAD -m x %s", tree);
    sh("cd odd && git update-ref HEAD %s", id);
    assert_equal("odd", 2);
    tree = line("cd odd && printf '100644 cut\\0short' | "
                "git hash-object -t tree -w --literally --stdin");
    id = line("cd odd && git commit-tree -p HEAD -m x %s", tree);
    sh("cd odd && git update-ref HEAD %s", id);
    assert_non_null(diff_of("odd", id));
}

/* --- binary patches: git's own deltas --- */

#define LARGE 400000

static void fill(char *data, size_t len, int values)
{
    size_t i;

    for (i = 0; i < len; i++)
        data[i] = (char)(rand() % values);
}

/* Moves, copies, cuts and overwrites pieces of the data. */
static size_t shuffle(char *data, size_t len)
{
    int turns = 1 + rand() % 8;

    while (turns--) {
        size_t piece = (size_t)rand() % (len / 2), from = (size_t)rand() % (len - piece);
        size_t to = (size_t)rand() % (len - piece);

        if (rand() % 3)
            memmove(data + to, data + from, piece);
        else
            fill(data + to, piece % 300, 256);
    }
    return len - (size_t)rand() % (len / 3);
}

static void add_binary(FILE *stream, char *data, size_t len)
{
    data[0] = '\0';
    begin_commit(stream);
    fprintf(stream, "M 644 inline file\ndata %zu\n", len);
    fwrite(data, 1, len, stream);
}

static void binaries(void **state)
{
    static const size_t sizes[] = {1, 15, 16, 17, 33, 130, 700, 5000, 66000, 140000, LARGE};
    static const int values[] = {1, 16, 256, 2, 3};
    char *data = malloc(LARGE);
    int size, kind, kinds = unit_rounds(3, 5);
    FILE *stream = begin_stream();

    (void)state;
    for (size = 0; size < 11; size++)
        for (kind = 0; kind < kinds; kind++) {
            size_t len = sizes[size];

            fill(data, len, values[kind]);
            add_binary(stream, data, len);
            if (len > 10)
                len = shuffle(data, len);
            add_binary(stream, data, len);
        }
    end_stream(stream, "binary");
    free(data);
    assert_equal_at("binary", 2 * 11 * kinds, 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(small_cases),  cmocka_unit_test(submodules),
        cmocka_unit_test(long_lines),   cmocka_unit_test(equal_tails),
        cmocka_unit_test(rename_limit), cmocka_unit_test(many_equal_files),
        cmocka_unit_test(damage),       cmocka_unit_test(odd_trees),
        cmocka_unit_test(binaries),
    };

    srand(3);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
