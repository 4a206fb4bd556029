// SPDX-License-Identifier: Apache-2.0
/*
 * Tests edge cases of diffs: what random commits seldom contain, limits of the rename search,
 * damage.
 */
#include "patience.h"
#include "git_compare.h"

#include <sys/stat.h>

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

/* Compares @a id with its first parent, or with nothing, in the first @a n of ten settings. */
static void assert_equal_at(const char *repo, const char *id, int n)
{
    static const int contexts[] = {3, 0, 1, 1000000, 2147483647};
    const char *dir = git_dir(repo);
    size_t len;
    int i;

    for (i = 0; i < n; i++) {
        rc_diff_options_t options = {.context = contexts[i / 2], .ignore_space = i % 2};
        char *theirs =
            output(&len,
                   "exec git -c core.quotePath=true -C %s diff-tree --root -r "
                   "--no-commit-id " GIT_DIFF " -U%d %s -m --first-parent %s 2>/dev/null",
                   dir, options.context, options.ignore_space ? "-w" : "", id);

        compare_one(dir, id, options, theirs, len);
        free(theirs);
    }
}

static void assert_equal(const char *repo)
{
    assert_equal_at(repo, head(repo), 10);
}

static void commit_equal(const char *repo)
{
    assert_equal_at(repo, commit(repo), 10);
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
    commit_equal("small"); /* nothing at all */
    sh("cd small && printf 'a\\nb\\n' > text && : > empty && printf 'no newline' > bare && "
       "ln -s text link && printf 'x\\0y' > bin && mkdir dir && echo 1 > dir/one");
    commit_equal("small");
    sh("cd small && chmod +x text");
    commit_equal("small"); /* mode only */
    sh("cd small && git mv text renamed");
    commit_equal("small"); /* pure rename */
    sh("cd small && git mv renamed again && chmod -x again");
    commit_equal("small"); /* rename and mode */
    sh("cd small && rm empty && : > other_empty");
    commit_equal("small"); /* empty files take part in renames */
    sh("cd small && printf 'no newline\\n' > bare && printf 'a\\nb' > again");
    commit_equal("small");
    sh("cd small && rm link && echo text > link");
    commit_equal("small"); /* link to file of the same content... */
    sh("cd small && rm link && ln -s elsewhere link && rm bin && mkdir bin && echo b > bin/b");
    commit_equal("small"); /* file to directory */
    sh("cd small && rm -r dir && echo dir > dir && printf 'x\\0yz' > bin/b");
    commit_equal("small");
    sh("cd small && git rm -q -r .");
    commit_equal("small"); /* nothing left */
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
    for (i = 0; i < sizeof(steps) / sizeof(*steps); i++) {
        sh("cd sub && git update-index %s && git commit -q -m x", steps[i]);
        assert_equal("sub");
    }
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
    commit_equal("long");
    text[400000] = '#';
    write_file("long/one", text, 600000);
    commit_equal("long");
    for (i = 0; i < 160000; i++) /* short ones: a binary later, a text by its first 8000 bytes */
        text[i] = (char)(i % 5 == 4 ? '\n' : 'a' + rand() % 4);
    text[9000] = '\0';
    write_file("long/two", text, 160000);
    commit_equal("long");
    for (i = 0; i < 60; i++)
        text[rand() % 160000] = 'Z';
    write_file("long/two", text, 160000);
    commit_equal("long");
    free(text);
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
        commit_equal("tails");
    }
}

static void make_files(const char *dir, int n, int seed_line)
{
    int i, j;

    mkdir(in_dir(dir), 0755);
    for (i = 0; i < n; i++) {
        FILE *f =
            fopen(apr_psprintf(fixture.pool, "%s/%s/f%d_%d", fixture.dir, dir, seed_line, i), "w");

        for (j = 0; j < 6; j++)
            fprintf(f, "line %d of the file %d\n", j == 3 ? seed_line + i : j, i);
        fclose(f);
    }
}

/* Renames do not depend on the context, so two ways to print them are enough. */
static void commit_equal_renames(void)
{
    assert_equal_at("many", commit("many"), 2);
}

/* At most 1000 x 1000 pairs are compared; above that only exact renames are found. */
static void rename_limit(void **state)
{
    (void)state;
    work_tree("many");
    make_files("many/a", 1001, 0);
    commit_equal_renames();
    sh("cd many && rm -r a");
    make_files("many/b", 1001, 100000);
    commit_equal_renames(); /* one too many: no renames */
    sh("cd many && git mv b c");
    commit_equal_renames(); /* exact renames */
    sh("cd many && rm -r c");
    make_files("many/d", 300, 0);
    make_files("many/e", 300, 0); /* several candidates for each */
    commit_equal_renames();
    sh("cd many && rm -r d");
    make_files("many/g", 300, 500000);
    commit_equal_renames();
}

static void move_file(const char *from, int from_n, const char *to, int to_n)
{
    rename(apr_psprintf(fixture.pool, "%s/equal/%s%d", fixture.dir, from, from_n),
           apr_psprintf(fixture.pool, "%s/equal/%s%d", fixture.dir, to, to_n));
}

static void many_equal_files(void **state)
{
    int i;

    (void)state;
    work_tree("equal");
    sh("mkdir equal/a && cd equal/a && for i in $(seq 1 400); do : > e$i; echo same > s$i; done");
    commit_equal("equal");
    assert_int_equal(mkdir(in_dir("equal/b"), 0755), 0);
    for (i = 100; i <= 350; i++) {
        move_file("a/e", i, "b/x", i);
        move_file("a/s", i, "b/s", i * 3 % 400);
    }
    commit_equal("equal");
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
    assert_equal("odd");
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
    fprintf(stream, "commit refs/heads/master\ncommitter C <c@x> 1000000 +0000\ndata 1\nx\n");
    fprintf(stream, "M 644 inline file\ndata %zu\n", len);
    fwrite(data, 1, len, stream);
}

static void binaries(void **state)
{
    static const size_t sizes[] = {1, 15, 16, 17, 33, 130, 700, 5000, 66000, 140000, LARGE};
    static const int values[] = {1, 16, 256, 2, 3};
    char *data = malloc(LARGE);
    int size, kind, kinds = unit_rounds(3, 5);
    FILE *stream = fopen(in_dir("binaries"), "w");
    char *ids, *id, *last;

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
    fclose(stream);
    free(data);
    work_tree("binary");
    sh("cd binary && git fast-import --quiet <../binaries");
    ids = output(NULL, "git -C binary rev-list master");
    for (id = strtok_r(ids, "\n", &last); id; id = strtok_r(NULL, "\n", &last))
        assert_equal_at("binary", id, 1);
    free(ids);
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
