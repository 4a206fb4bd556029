// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the pool of handles: reuse, limits, stale handles, and many threads while git pushes.
 */
#include "git_fixture.h"
#include "patience.h"

#include <dirent.h>

#include <apr_thread_proc.h>

#include "base/kept.h"

#define THREADS 8

static void make(const char *name)
{
    sh("git init -q --bare -b master %s && cd %s && git update-ref refs/heads/master "
       "$(git commit-tree -m x $(git hash-object -t tree -w /dev/null))",
       name, name);
}

static apr_int64_t count(rc_vcs_pool_t *handles, const char *name)
{
    apr_int64_t n;
    apr_pool_t *pool;
    rc_vcs_t *vcs;

    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, handles, "git", in_dir(name), NULL, pool));
    ASSERT_OK(rc_vcs_count(&n, vcs));
    apr_pool_destroy(pool);
    return n;
}

/* The owner of the file that names a directory of objects, and the owner of the directory, decide
 * whether it counts. */
static void borrowed_objects(void **state)
{
    static const struct {
        unsigned file, folder;
        bool borrowed;
    } rows[] = {{0, 0, true},
                {0, 12345, true},
                {12345, 12345, true},
                {12345, 0, false},
                {12345, 12346, false}};
    rc_err_t *err;
    size_t i;

    (void)state;
    if (geteuid())
        skip();
    make("lender.git");
    sh("git init -q --bare -b master borrower.git && cp lender.git/refs/heads/master "
       "borrower.git/refs/heads/ && mkdir -p borrower.git/objects/info && "
       "echo $PWD/lender.git/objects > borrower.git/objects/info/alternates");
    for (i = 0; i < sizeof(rows) / sizeof(*rows); i++) {
        apr_pool_t *pool;
        rc_vcs_t *vcs;
        apr_int64_t n;

        sh("chown %u borrower.git/objects/info/alternates && chown %u lender.git/objects",
           rows[i].file, rows[i].folder);
        apr_pool_create(&pool, fixture.pool);
        ASSERT_OK(rc_vcs_open(&vcs, NULL, "git", in_dir("borrower.git"), NULL, pool));
        rc_vcs_drop_cache(fixture.handles, "git", in_dir("borrower.git"), pool);
        err = rc_vcs_count(&n, vcs);
        assert_int_equal(err == NULL, rows[i].borrowed);
        apr_pool_destroy(pool);
    }
    err = rc_vcs_copy("git", in_dir("borrower.git"), in_dir("thief.git"), NULL, fixture.pool);
    assert_non_null(err);
}

static void types(void **state)
{
    rc_vcs_t *vcs;

    (void)state;
    assert_true(rc_vcs_known_type("git"));
    assert_false(rc_vcs_known_type("darcs"));
    assert_false(rc_vcs_known_type(""));
    assert_non_null(rc_vcs_create("darcs", in_dir("x"), fixture.pool));
    assert_non_null(rc_vcs_open(&vcs, fixture.handles, "svn", in_dir("x"), NULL, fixture.pool));
    assert_non_null(
        rc_vcs_open(&vcs, fixture.handles, "git", in_dir("nowhere"), NULL, fixture.pool));
    sh("mkdir folder && echo x > file");
    assert_non_null(
        rc_vcs_open(&vcs, fixture.handles, "git", in_dir("folder"), NULL, fixture.pool));
    assert_non_null(rc_vcs_open(&vcs, fixture.handles, "git", in_dir("file"), NULL, fixture.pool));
    assert_non_null(rc_vcs_create("git", in_dir("folder"), fixture.pool));
}

static void handles_of_one_path(void **state)
{
    apr_pool_t *first, *second;
    rc_vcs_t *a, *b;
    apr_int64_t n;

    (void)state;
    make("one.git");
    apr_pool_create(&first, fixture.pool);
    apr_pool_create(&second, fixture.pool);
    ASSERT_OK(rc_vcs_open(&a, fixture.handles, "git", in_dir("one.git"), NULL, first));
    ASSERT_OK(rc_vcs_open(&b, fixture.handles, "git", in_dir("one.git"), NULL, second));
    ASSERT_OK(rc_vcs_count(&n, a));
    ASSERT_OK(rc_vcs_count(&n, b));
    rc_vcs_pool_forget(fixture.handles, in_dir("one.git"));
    ASSERT_OK(rc_vcs_count(&n, a)); /* handles in use are kept */
    apr_pool_destroy(first);
    apr_pool_destroy(second);
    assert_int_equal(count(fixture.handles, "one.git"), 1);
    assert_int_equal(count(NULL, "one.git"), 1);
}

static void one_moment(void **state)
{
    apr_pool_t *pool;
    rc_vcs_t *vcs;
    apr_int64_t n;

    (void)state;
    make("moment.git");
    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir("moment.git"), NULL, pool));
    ASSERT_OK(rc_vcs_count(&n, vcs));
    assert_int_equal(n, 1);
    sh("cd moment.git && git update-ref refs/heads/master "
       "$(git commit-tree -p master -m y master^{tree})");
    ASSERT_OK(rc_vcs_count(&n, vcs));
    assert_int_equal(n, 1);
    ASSERT_OK(rc_vcs_refresh(vcs));
    ASSERT_OK(rc_vcs_count(&n, vcs));
    assert_int_equal(n, 2);
    apr_pool_destroy(pool);
}

static int open_files(void)
{
    DIR *dir = opendir("/proc/self/fd");
    int n = 0;

    while (readdir(dir))
        n++;
    closedir(dir);
    return n;
}

static void bounded(void **state)
{
    apr_pool_t *pool;
    rc_vcs_pool_t *handles;
    int i, before = open_files();

    (void)state;
    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_pool_create(&handles, 3, pool));
    make("seed.git");
    sh("cd seed.git && git repack -adq");
    for (i = 0; i < 60; i++) {
        const char *name = apr_psprintf(fixture.pool, "copy%d.git", i);

        sh("cp -r seed.git %s", name);
        assert_int_equal(count(handles, name), 1);
    }
    assert_true(open_files() - before < 12);
    apr_pool_destroy(pool);
    assert_true(open_files() - before < 4);
}

#ifdef __SANITIZE_ADDRESS__
#define COUNTS_MEMORY false /* the sanitizer's malloc does not say what it has given out */
#else
#define COUNTS_MEMORY true
#endif

/* Whether a pack of the repository @a name is mapped. */
static bool is_open(const char *name)
{
    FILE *maps = fopen("/proc/self/maps", "r");
    const char *path = apr_pstrcat(fixture.pool, "/", name, "/objects/pack/", NULL);
    bool found = false;
    char line[8192];

    while (!found && fgets(line, sizeof(line), maps))
        found = strstr(line, path) != NULL;
    fclose(maps);
    return found;
}

/* Handles that were not used just now, or for long, stay open, unless the process keeps too much
 * memory. */
static void full(void **state)
{
    rc_vcs_pool_t *handles;
    apr_pool_t *pool, *use;
    rc_vcs_t *vcs;
    volatile char *much; /* so that the compiler does not leave it out */

    (void)state;
    if (!COUNTS_MEMORY)
        skip();
    apr_pool_create(&pool, fixture.pool);
    ASSERT_OK(rc_vcs_pool_create(&handles, 64, pool));
    count(handles, "copy0.git");
    count(handles, "copy1.git");
    apr_sleep(apr_time_from_msec(1100));
    count(handles, "copy2.git");
    assert_true(is_open("copy0.git") && is_open("copy1.git"));
    much = malloc(RC_KEPT_HEAP);
    *much = 1;
    apr_sleep(apr_time_from_msec(1100));
    count(handles, "copy2.git");
    assert_true(is_open("copy2.git"));
    assert_false(is_open("copy0.git") || is_open("copy1.git"));
    apr_sleep(apr_time_from_msec(1100));
    rc_vcs_pool_sweep(handles);
    assert_false(is_open("copy2.git"));
    apr_pool_create(&use, pool);
    ASSERT_OK(rc_vcs_open(&vcs, handles, "git", in_dir("copy2.git"), NULL, use));
    apr_sleep(apr_time_from_msec(60));
    apr_pool_destroy(use);
    assert_false(is_open("copy2.git"));
    free((void *)(uintptr_t)much);
    apr_pool_destroy(pool);
}

/* --- places of files: what is remembered is what git says --- */

static void check_place(rc_vcs_t *vcs, char *line, apr_pool_t *pool)
{
    char *state, *commit = apr_strtok(line, " \t", &state), *mode = apr_strtok(NULL, " \t", &state);
    char *type = apr_strtok(NULL, " \t", &state), *id = apr_strtok(NULL, " \t", &state);
    char *size = apr_strtok(NULL, " \t", &state), *path = apr_strtok(NULL, " \t", &state);
    rc_entry_t entry;

    ASSERT_OK(rc_vcs_entry(&entry, vcs, commit, path, pool));
    assert_string_equal(entry.id, id);
    assert_int_equal(entry.kind == RC_ENTRY_DIR, !strcmp(type, "tree"));
    assert_int_equal(entry.kind == RC_ENTRY_PROGRAM, !strcmp(mode, "100755"));
    if (entry.kind != RC_ENTRY_DIR)
        assert_int_equal(entry.size, atoi(size));
    ASSERT_OK(rc_vcs_entry(&entry, vcs, commit, apr_pstrcat(pool, path, "/no", NULL), pool));
    assert_int_equal(entry.kind, RC_ENTRY_NONE);
}

/* More places than are remembered, each asked for twice in a row and again after all others. */
static void places(void **state)
{
    char *text, *line, *next;
    int pass;

    (void)state;
    sh("git init -q --bare -b master places.git && cd places.git && i=0; while [ $i -lt 10 ]; do "
       "echo \"commit refs/heads/master\"; echo \"committer A <a@b> 130000000$i +0000\"; echo data "
       "0; "
       "f=0; while [ $f -lt 120 ]; do m=644; [ $((f %% 9)) = 0 ] && m=755; "
       "printf 'M 100%%s inline d%%s/f%%s\\ndata <<E\\n%%s.%%s\\nE\\n' $m $((f %% 3)) $f $i $f; "
       "f=$((f + 1)); done; "
       "i=$((i + 1)); done | git fast-import --quiet");
    text = output(NULL, "cd places.git && for c in $(git rev-list master); do "
                        "git ls-tree -rtl $c | sed \"s/^/$c /\"; done");
    for (pass = 0; pass < 2; pass++) {
        char *copy = apr_pstrdup(fixture.pool, text);

        for (line = copy; *line; line = next) {
            apr_pool_t *pool;
            rc_vcs_t *vcs;

            next = line + strcspn(line, "\n");
            *next++ = '\0';
            apr_pool_create(&pool, fixture.pool);
            ASSERT_OK(rc_vcs_open(&vcs, fixture.handles, "git", in_dir("places.git"), NULL, pool));
            check_place(vcs, apr_pstrdup(pool, line), pool);
            check_place(vcs, apr_pstrdup(pool, line), pool);
            apr_pool_destroy(pool);
        }
    }
    free(text);
}

/* --- threads --- */

typedef struct worker_t {
    apr_pool_t *pool; /* the fixture's pool belongs to the main thread */
    const char *repo;
    const char *why; /* NULL: success */
} worker_t;

static int rounds; /* commits that are pushed meanwhile */

static const char *one_request(apr_int64_t *last, const worker_t *worker, apr_pool_t *pool)
{
    rc_diff_options_t options = {.context = 3};
    rc_commit_t *commit;
    rc_spool_t *spool;
    apr_int64_t n;
    rc_vcs_t *vcs;
    rc_err_t *err;

    if ((err = rc_vcs_open(&vcs, fixture.handles, "git", worker->repo, NULL, pool)) ||
        (err = rc_vcs_count(&n, vcs)) || (err = rc_vcs_last_commit(&commit, vcs, pool)))
        return rc_err_log_text(err, worker->pool);
    if (n < *last || commit->revision != n - 1)
        return "the order went back";
    *last = n;
    spool = rc_spool_create(fixture.dir, pool);
    if ((err = rc_vcs_diff(spool, vcs, commit->id, &options, pool)))
        return rc_err_log_text(err, worker->pool);
    return n > 1 && rc_spool_size(spool) == 0 ? "an empty diff" : NULL;
}

static void *APR_THREAD_FUNC work(apr_thread_t *thread, void *data)
{
    worker_t *worker = data;
    apr_int64_t last = 0;
    int i;

    (void)thread;
    for (i = 0; i < rounds * 40 && !worker->why; i++) {
        apr_pool_t *pool;

        apr_pool_create(&pool, worker->pool);
        worker->why = one_request(&last, worker, pool);
        worker->why = apr_pstrdup(worker->pool, worker->why);
        apr_pool_destroy(pool);
    }
    return NULL;
}

static void threads_while_pushing(void **state)
{
    apr_thread_t *threads[THREADS];
    worker_t workers[THREADS];
    apr_status_t rv;
    int i;

    (void)state;
    rounds = unit_rounds(8, 30);
    make("busy.git");
    sh("git clone -q busy.git push 2>/dev/null && cd push && echo 0 > f && git add f && "
       "git commit -q -m x && git push -q");
    for (i = 0; i < THREADS; i++) {
        workers[i].why = NULL;
        workers[i].repo = in_dir("busy.git");
        apr_pool_create_unmanaged_ex(&workers[i].pool, NULL, NULL);
        assert_int_equal(apr_thread_create(&threads[i], NULL, work, &workers[i], fixture.pool), 0);
    }
    for (i = 0; i < rounds; i++) {
        sh("cd push && echo %d >> f && git commit -q -a -m %d && git push -q", i, i);
        if (i % 10 == 9)
            sh("cd busy.git && git gc -q --prune=now");
    }
    for (i = 0; i < THREADS; i++) {
        apr_thread_join(&rv, threads[i]);
        if (workers[i].why)
            fail_msg("thread %d: %s", i, workers[i].why);
        apr_pool_destroy(workers[i].pool);
    }
    assert_int_equal(count(fixture.handles, "busy.git"), rounds + 2);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(borrowed_objects),
        cmocka_unit_test(types),
        cmocka_unit_test(handles_of_one_path),
        cmocka_unit_test(one_moment),
        cmocka_unit_test(bounded),
        cmocka_unit_test(full),
        cmocka_unit_test(places),
        cmocka_unit_test(threads_while_pushing),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, fixture_begin, fixture_end);
}
