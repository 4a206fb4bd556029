// SPDX-License-Identifier: Apache-2.0
/*
 * Tests that the repository order equals git's: for random histories with equal dates, tags of all
 * kinds, broken references; and after changes by other processes.
 */
#include "git_fixture.h"
#include "patience.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>

static apr_pool_t *use;
static rc_vcs_t *vcs;

static void open_repo(const char *name)
{
    if (use)
        apr_pool_destroy(use);
    apr_pool_create(&use, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir(name), NULL, use));
}

static char *git_order(const char *name)
{
    return output(NULL, "git -C %s rev-list --reverse --date-order --branches --tags", name);
}

static void assert_same_order(const char *name, const char *want)
{
    apr_int64_t count, i;
    rc_position_t position;
    rc_rev_t rev, same;

    open_repo(name);
    memset(&position, 0x5a, sizeof(position)); /* what a caller's stack may hold */
    ASSERT_OK(rc_vcs_count(&count, vcs));
    for (i = 0; *want; i++, want += 41) {
        ASSERT_OK(rc_vcs_rev_at(&rev, vcs, i, use));
        assert_non_null(rev.id);
        assert_memory_equal(rev.id, want, 40);
        assert_int_equal(rev.index, i);
        ASSERT_OK(rc_vcs_resolve(&same, vcs, rev.id, use));
        assert_int_equal(same.index, i);
        ASSERT_OK(rc_vcs_position(&position, vcs, i, use));
        assert_string_equal(position.id, rev.id);
        assert_null(position.digest);
    }
    assert_int_equal(count, i);
    ASSERT_OK(rc_vcs_rev_at(&rev, vcs, i, use));
    assert_null(rev.id);
    assert_int_equal(rev.index, -1);
}

static void assert_order(const char *name)
{
    char *want = git_order(name);

    assert_same_order(name, want);
    free(want);
}

/* Writes a fast-import stream of n commits: merges, several roots, few different dates. */
static void random_history(const char *name, int n, int dates, int tips)
{
    FILE *f = fopen(in_dir("stream"), "w");
    int i;

    for (i = 1; i <= n; i++) {
        int merge = rand() % 5 == 0;

        fprintf(f, "commit refs/heads/b%d\nmark :%d\ncommitter C <c@x> %d +0000\ndata 1\n%c\n",
                rand() % tips, i, 1000000 + rand() % dates + (dates > 50 ? i / 3 : 0),
                'a' + i % 26);
        if (i > 1 && rand() % 40)
            fprintf(f, "from :%d\n", i - 1 - rand() % (i > 20 ? 20 : i - 1));
        else
            merge = 0;
        if (merge && i > 2)
            fprintf(f, "merge :%d\n", 1 + rand() % (i - 1));
        fprintf(f, "M 100644 inline f%d\ndata 2\n%02d\n\n", rand() % 5, i % 100);
    }
    for (i = 0; i < tips; i++)
        fprintf(f, "reset refs/tags/t%d\nfrom :%d\n\n", i, 1 + rand() % n);
    fclose(f);
    sh("git init -q --bare %s && git -C %s fast-import --quiet --force < stream", name, name);
}

static void order_is_gits(void **state)
{
    int round;

    (void)state;
    for (round = 0; round < unit_rounds(6, 25); round++) {
        const char *name = apr_psprintf(fixture.pool, "order%d.git", round);
        char *want;

        random_history(name, 20 + rand() % 200,
                       round % 3 == 0   ? 1
                       : round % 3 == 1 ? 5
                                        : 100,
                       1 + rand() % 6);
        want = git_order(name);
        assert_same_order(name, want);
        assert_same_order(name, want); /* from the handle */
        rc_vcs_pool_forget(fixture.handles, in_dir(name));
        assert_same_order(name, want); /* from the file */
        free(want);
    }
}

/* Commit headers of every form: git finds the time for its order in its own way. */
static void odd_heads(void **state)
{
    static const char *const heads[] = {
        "author A <a@x> 5 +0000\ncommitter C <c> x> 50 +0000\n",
        "author A <a@x> 5 +0000\ncommitter C <c> 30 +0000\n",
        "author A <a@x> 5 +0000\nauthor B <b@x> 6 +0000\ncommitter C <c> 90 +0000\n",
        "committer C <c> 80 +0000\n",
        "author A <a@x> 5 +0000\nx\ncommitter C <c> 80 +0000\n",
        "author A <a@x> 5 +0000\ncommitter C <c>25 +0000\n",
        "author A <a@x> 5 +0000\ncommitter C <c> -1 +0000\n",
        "author A <a@x> 5 +0000\ncommitter C <c> 20\n",
        "author A <a@x> 5 +0000\ncommitter C 15\n",
        "author A <a@x> 5 +0000\ncommitter C <c>\n",
        "x\nauthor A <a@x> 5 +0000\ncommitter C <c> 70 +0000\n",
        "author A <a@x> 5 +0000\ncommitter C <c> 60 +0000\ncommitter C <c> 10 +0000\n",
        "",
    };
    size_t i;

    (void)state;
    sh("git init -q -b base heads.git && cd heads.git && git commit -q --allow-empty -m base");
    for (i = 0; i < sizeof(heads) / sizeof(*heads); i++)
        sh("cd heads.git && printf 'tree %%s\nparent %%s\n%s\n%d\n' $(git rev-parse base^{tree}) "
           "$(git rev-parse base) | git hash-object -t commit -w --literally --stdin "
           "> .git/refs/heads/h%02d",
           heads[i], (int)i, (int)i);
    assert_order("heads.git/.git");
}

static void empty_repository(void **state)
{
    rc_rev_t rev;
    rc_commit_t *commit;

    (void)state;
    ASSERT_OK(rc_vcs_create("git", in_dir("sub/empty.git"), fixture.pool));
    assert_non_null(rc_vcs_create("git", in_dir("sub/empty.git"), fixture.pool));
    assert_order("sub/empty.git");
    ASSERT_OK(rc_vcs_resolve(&rev, vcs, "tip", use));
    assert_null(rev.id);
    ASSERT_OK(rc_vcs_resolve(&rev, vcs, "0", use));
    assert_null(rev.id);
    ASSERT_OK(rc_vcs_last_commit(&commit, vcs, use));
    assert_null(commit);
}

static void odd_references(void **state)
{
    char *good;

    (void)state;
    random_history("odd.git", 60, 3, 3);
    sh("cd odd.git && git tag -a -m x annotated b0 && git tag -a -m y nested annotated && "
       "git tag tree b0^{tree} && git tag blob $(git rev-parse b0:$(git ls-tree --name-only b0 |"
       " head -1)) && git tag -a -m z tagtree b0^{tree}");
    assert_order("odd.git");
    good = git_order("odd.git"); /* what follows is fatal to git */
    sh("cd odd.git && echo garbage > refs/heads/broken && : > refs/heads/empty && "
       "echo 1234567890123456789012345678901234567890 > refs/heads/missing && "
       "echo x > refs/heads/b0.lock && echo 'ref: refs/heads/b1' > refs/heads/sym && "
       "echo 'ref: refs/heads/nowhere' > refs/heads/dangling && mkdir -p refs/heads/deep/er");
    assert_same_order("odd.git", good);
    rc_vcs_pool_forget(fixture.handles, in_dir("odd.git"));
    assert_same_order("odd.git", good);
    free(good);
    sh("cd odd.git && rm refs/heads/broken refs/heads/empty refs/heads/missing "
       "refs/heads/dangling refs/heads/b0.lock && git pack-refs --all");
    assert_order("odd.git");
    sh("cd odd.git && git update-ref refs/heads/deep/er/x b1 && git update-ref refs/heads/b1 b1^");
    assert_order("odd.git");
}

static void follows_changes(void **state)
{
    int i;

    (void)state;
    random_history("live.git", 50, 3, 3);
    sh("git clone -q live.git work && cd work && git checkout -q -B push");
    for (i = 0; i < 12; i++) {
        assert_order("live.git");
        sh("cd work && git commit -q --allow-empty -m %d && git push -q origin push", i);
        assert_order("live.git"); /* at once: within the tick of the file system */
        if (i % 4 == 0)
            sh("cd live.git && git gc -q");
        if (i % 4 == 1)
            sh("cd live.git && git update-ref -d refs/heads/b1; git branch b1 b0");
        if (i % 4 == 2)
            usleep(150000); /* from now on file times are trusted */
    }
    sh("cd live.git && git for-each-ref --format='delete %%(refname)' | git update-ref --stdin");
    assert_order("live.git");
}

/* Adds up to five commits: to branches, as new branches from anywhere, merges; moves a branch back
 * at times. */
static void add_history(const char *name, int step, int dates, int tips)
{
    FILE *f = fopen(in_dir("stream"), "w");
    int i, n = 1 + rand() % 5;

    for (i = 1; i <= n; i++) {
        int to = rand() % tips;

        fprintf(f, "commit refs/heads/%s%d\ncommitter C <c@x> %d +0000\ndata 3\n%03d\n",
                rand() % 6 ? "b" : "n", to, 1000000 + rand() % dates + step * (dates / 3),
                step % 1000);
        fprintf(f, "from refs/heads/b%d^0\n", rand() % 3 ? to : rand() % tips);
        if (rand() % 4 == 0)
            fprintf(f, "merge refs/heads/b%d^0\n", rand() % tips);
        fprintf(f, "M 100644 inline g%d\ndata 2\n%02d\n\n", rand() % 5, i);
    }
    if (rand() % 12 == 0)
        fprintf(f, "reset refs/heads/b%d\nfrom refs/tags/t%d^0\n\n", rand() % tips, rand() % tips);
    if (rand() % 3 == 0)
        fprintf(f, "reset refs/tags/s%d\nfrom refs/heads/b%d^0\n\n", step, rand() % tips);
    fclose(f);
    sh("git -C %s fast-import --quiet --force < stream", name);
}

static ino_t order_file(const char *name)
{
    struct stat st;

    assert_int_equal(stat(in_dir(apr_pstrcat(fixture.pool, name, "/rcapi/order", NULL)), &st), 0);
    return st.st_ino;
}

/* Orders that are extended equal git's; the file is written only when all was sorted. */
static void grows(void **state)
{
    static const int dates[] = {1, 4, 60, 1000};
    int rounds = unit_rounds(3, 8), round, step, extended = 0, sorted = 0;

    (void)state;
    for (round = 0; round < rounds; round++) {
        const char *name = apr_psprintf(fixture.pool, "grow%d.git", round);
        int tips = 2 + rand() % 5;
        ino_t file;

        random_history(name, 60 + rand() % 100, dates[round % 4], tips);
        sh("for i in $(seq 0 %d); do git -C %s rev-parse -q --verify b$i > /dev/null || "
           "git -C %s branch b$i t0; done",
           tips - 1, name, name);
        assert_order(name);
        for (step = 0; step < 12; step++) {
            file = order_file(name);
            add_history(name, step, dates[round % 4], tips);
            assert_order(name);
            order_file(name) == file ? extended++ : sorted++;
        }
    }
    printf("# %d times extended, %d times sorted\n", extended, sorted);
    assert_true(extended > rounds * 2 && sorted > rounds / 2);
}

static void damage(const char *file, off_t size, int round)
{
    int fd = open(file, O_WRONLY);

    if (round < 10)
        assert_int_equal(ftruncate(fd, round % 5 ? rand() % size : 0), 0);
    else
        assert_int_equal(pwrite(fd, "\xff\xfe\xfd\xfc", 4, rand() % (size - 4)), 4);
    close(fd);
}

static void forget(const char *name)
{
    if (use)
        apr_pool_destroy(use);
    use = NULL;
    rc_vcs_pool_forget(fixture.handles, in_dir(name));
}

static void damaged_file(void **state)
{
    const char *file = in_dir("damaged.git/rcapi/order");
    struct stat st;
    char *want;
    int i;

    (void)state;
    random_history("damaged.git", 80, 3, 3);
    want = git_order("damaged.git");
    for (i = 0; i < 40; i++) {
        forget("damaged.git");
        assert_same_order("damaged.git", want);
        assert_int_equal(stat(file, &st), 0);
        damage(file, st.st_size, i / 2);
        if (i % 2)
            forget("damaged.git");
        assert_same_order("damaged.git", want);
    }
    free(want);
}

/* Computes the checksum of the file: another account that can write it could do so, too. */
static uint64_t sum_of(const unsigned char *block, size_t size)
{
    const size_t head = 56;
    uint64_t sum = size, word;
    size_t at;

    for (at = head; size - at >= 8; at += 8) {
        memcpy(&word, block + at, 8);
        sum = (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
        sum ^= sum >> 29;
    }
    word = 0;
    memcpy(&word, block + at, size - at);
    return (sum ^ word) * UINT64_C(0x9e3779b97f4a7c15);
}

/* Files with the correct checksum whose numbers are out of range. */
static void crafted_file(void **state)
{
    const char *file = in_dir("crafted.git/rcapi/order");
    uint32_t numbers[4] = {0, 0xffffffff, 0x7fffffff, 1000000}, count, parents, number;
    unsigned char *block, *bad;
    size_t size, at, end;
    uint64_t sum;
    char *want;
    FILE *out;
    int i;

    (void)state;
    random_history("crafted.git", 60, 3, 3);
    want = git_order("crafted.git");
    assert_same_order("crafted.git", want);
    block = (unsigned char *)output(&size, "cat crafted.git/rcapi/order");
    memcpy(&count, block + 12, 4);
    memcpy(&parents, block + 16, 4);
    sum = sum_of(block, size);
    assert_memory_equal(&sum, block + 48, 8); /* the format has not changed */
    end = 56 + (size_t)count * 16 + ((size_t)parents + 1) * 4;
    bad = malloc(size);
    for (i = 0, at = 56 + (size_t)count * 8; at < end; at += 4, i++) {
        number = numbers[i % 4];
        memcpy(bad, block, size);
        if (!memcmp(bad + at, &number, 4))
            continue;
        memcpy(bad + at, &number, 4);
        sum = sum_of(bad, size);
        memcpy(bad + 48, &sum, 8);
        out = fopen(file, "w");
        assert_int_equal(fwrite(bad, 1, size, out), size);
        fclose(out);
        forget("crafted.git");
        assert_same_order("crafted.git", want);
    }
    free(want);
    free(bad);
    free(block);
}

/* The path is not a file, is endless, or belongs to another account. */
static void odd_files(void **state)
{
    static const char *const makers[] = {
        "mkfifo order",
        "mkdir order",
        "ln -s ../../other.git/rcapi/order order",
        "ln -s /dev/zero order",
        "ln -s nowhere order",
        "truncate -s 100G order",
        "cd .. && rm -rf rcapi && ln -s ../other.git/rcapi rcapi",
        "cd .. && rm -rf rcapi && mkfifo rcapi",
    };
    char *before, *after;
    size_t i;

    (void)state;
    random_history("odd.git", 60, 3, 3);
    random_history("other.git", 70, 3, 3);
    assert_order("other.git");
    before = output(NULL, "sha1sum other.git/rcapi/order; ls -lLi other.git/rcapi");
    for (i = 0; i < sizeof(makers) / sizeof(*makers); i++) {
        sh("cd odd.git && rm -rf rcapi && mkdir rcapi && cd rcapi && %s", makers[i]);
        forget("odd.git");
        assert_order("odd.git");
    }
    rc_vcs_drop_cache(fixture.handles, "git", in_dir("odd.git"), fixture.pool);
    after = output(NULL, "sha1sum other.git/rcapi/order; ls -lLi other.git/rcapi");
    assert_string_equal(after, before);
    free(before);
    free(after);
}

static void read_only_repository(void **state)
{
    (void)state;
    random_history("fixed.git", 30, 3, 2);
    sh("echo in the way > fixed.git/rcapi");
    assert_order("fixed.git");
    sh("git -C fixed.git update-ref refs/heads/b0 b0^ && git -C fixed.git branch more b0");
    assert_order("fixed.git");
}

static void shallow_repository(void **state)
{
    (void)state;
    random_history("full.git", 120, 3, 2);
    sh("git clone -q --bare --depth 5 --no-single-branch file://$PWD/full.git shallow.git");
    assert_order("shallow.git");
    sh("cd shallow.git && git fetch -q --unshallow origin '+refs/heads/*:refs/heads/*'");
    assert_order("shallow.git");
}

static void replaced_repository(void **state)
{
    (void)state;
    random_history("one.git", 40, 3, 2);
    random_history("two.git", 50, 3, 2);
    assert_order("one.git");
    open_repo("two.git"); /* gives one.git back */
    sh("mv one.git gone.git && mv two.git one.git");
    assert_order("one.git");
    sh("rm -rf one.git");
    apr_pool_destroy(use);
    apr_pool_create(&use, fixture.pool);
    assert_non_null(rc_vcs_open(&vcs, fixture.handles, "git", in_dir("one.git"), NULL, use));
}

/* What happens at the opening of a file of an open directory, and the error of that. */
static struct {
    const char *file, *command; /* NULL: nothing happens */
    int error;
} meanwhile;

/* Stands in front of the C library's. */
int openat(int dir, const char *name, int flags, ...)
{
    if (meanwhile.file && !strcmp(name, meanwhile.file)) {
        meanwhile.file = NULL;
        sh("cd moving.git && %s", meanwhile.command);
        if ((errno = meanwhile.error))
            return -1;
    }
    return (int)syscall(SYS_openat, dir, name, flags, 0644);
}

static void assert_order_while(const char *file, const char *command, int error)
{
    sh("rm -rf moving.git && git init -q --bare -b main moving.git && cd moving.git && "
       "id=$(git commit-tree -m x $(git mktree < /dev/null)) && "
       "git update-ref refs/heads/topic/a $id && git update-ref refs/heads/z $id");
    meanwhile.file = file;
    meanwhile.command = command;
    meanwhile.error = error;
    assert_order("moving.git");
    assert_null(meanwhile.file);
}

/* Directories of references that go after they were listed. When another client of NFS removes an
 * open one, the error is not that of a local disk. */
static void folders_that_go(void **state)
{
    static const char pack[] = "git pack-refs --all && test ! -e refs/heads/topic";

    (void)state;
    assert_order_while("a", pack, ENOENT);
    assert_order_while("a", pack, ESTALE);
    assert_order_while("z", pack, 0);
    assert_order_while("z", "git branch -q -m topic/a other && git branch -q -m other topic", 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(folders_that_go),
        cmocka_unit_test(order_is_gits),
        cmocka_unit_test(odd_heads),
        cmocka_unit_test(empty_repository),
        cmocka_unit_test(odd_references),
        cmocka_unit_test(follows_changes),
        cmocka_unit_test(grows),
        cmocka_unit_test(damaged_file),
        cmocka_unit_test(crafted_file),
        cmocka_unit_test(odd_files),
        cmocka_unit_test(read_only_repository),
        cmocka_unit_test(shallow_repository),
        cmocka_unit_test(replaced_repository),
    };
    const char *seed = getenv("SEED");

    srand(seed ? (unsigned)atoi(seed) : 1);
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
