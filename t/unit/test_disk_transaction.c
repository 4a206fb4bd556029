// SPDX-License-Identifier: Apache-2.0
/*
 * Tests disk changes that are committed or rolled back with a transaction. Every system call that
 * changes a file or takes a lock runs through this file (the program's own functions replace
 * libc's), so that a process can die before the n-th one. For every n, the next process must find,
 * and leave, all of a change or nothing of it. Beside other processes, and where something is in
 * the way, not every n is tried but with RCAPI_ROUNDS=all.
 */
#include "disk_fixture.h"

static void commit(void **state)
{
    (void)state;
    fresh();
    run(must_change);
    assert_all_or_nothing(true, "commit", 0);
    assert_int_equal(query(COMMITTED), 1);
    assert_int_equal(query(TOKENS), 1);
    repair();
    assert_all_or_nothing(true, "repair after commit", 0);
}

static void rollback(void **state)
{
    (void)state;
    fresh();
    run(fail_change);
    assert_all_or_nothing(false, "rollback", 0);
    assert_int_equal(query(COMMITTED), 0);
    assert_int_equal(query(TOKENS), 0);
    assert_int_equal(left(""), 0);
}

/* A process that has the file of the intention open holds its lock for a moment longer. */
static rc_err_t *write_and_linger(void *baton, rc_db_t *in)
{
    rc_err_t *err = write_and_fail(baton, in);
    pid_t pid = fork();

    if (!pid) {
        apr_sleep(apr_time_from_msec(100));
        _exit(0);
    }
    NEED(pid > 0);
    return err;
}

static void fail_while_tried(void)
{
    plan();
    NEED(rc_disk_txn_run(env, db, write_and_linger, NULL, pool));
    rc_disk_txn_end(disk, false);
    NEED(there("repos/old") && !there("repos/rm__old"));
    NEED(wait(NULL) > 0);
    apr_pool_destroy(pool);
}

static void rollback_while_tried(void **state)
{
    (void)state;
    fresh();
    run(fail_while_tried);
    assert_all_or_nothing(false, "rollback while the lock is tried", 0);
    assert_int_equal(left(""), 0);
}

static void nothing_applied(void)
{
    plan();
    rc_disk_txn_end(disk, false);
    apr_pool_destroy(pool);
}

static void never_applied(void **state)
{
    (void)state;
    fresh();
    run(nothing_applied);
    assert_all_or_nothing(false, "not applied", 0);
}

/* The tokens of finished changes are removed, but not before their files. */
static void tokens(void **state)
{
    int i;

    (void)state;
    fresh();
    for (i = 0; i < 5; i++) {
        run(must_change);
        assert_int_equal(query(TOKENS), 1);
        assert_int_equal(left(".done"), 1);
        assert_int_equal(rename(in_dir("repos/rm__old"), in_dir("repos/old")), 0);
        assert_null(rc_fs_remove_tree(in_dir("repos/g"), pool));
        run(fail_change);
        assert_int_equal(query(TOKENS), left(".done"));
    }
}

static void taken(void)
{
    rc_err_t *err = change();

    NEED(err && err->kind == RC_E_FAILED);
    NEED(strstr(rc_err_log_text(err, pool), "rescan_repos adds it"));
    apr_pool_destroy(pool);
}

/* True when @a name is in a directory of its own below .rc_left. */
static bool is_aside(const char *name)
{
    DIR *dir = opendir(in_dir("repos/.rc_left"));
    struct dirent *entry;
    bool found = false;

    while (dir && (entry = readdir(dir)))
        found |= entry->d_name[0] != '.' &&
                 there(apr_psprintf(pool, "repos/.rc_left/%s/%s", entry->d_name, name));
    if (dir)
        closedir(dir);
    return found;
}

/* What a crash or a restore left: where it is created, and which part of it is visible when it is
 * set aside. */
static const struct {
    const char *folder, *file, *aside;
} obstacles[] = {
    {"repos/rm__old/x", NULL, "rm__old/x"},    {"repos/g/h/new/x", NULL, "g/h/new/x"},
    {"repos/g/h/new", NULL, "g/h/new"},        {"repos", "repos/g", "g"},
    {"repos/g/h", "repos/g/h/new", "g/h/new"}, {"repos/g", "repos/g/h", "g/h"},
};

static void put(size_t i)
{
    fresh();
    assert_null(rc_fs_make_folders(in_dir(obstacles[i].folder), pool));
    if (obstacles[i].file)
        write_text(in_dir(obstacles[i].file), "x");
}

static bool is_in_place(size_t i)
{
    return there(obstacles[i].file ? obstacles[i].file : obstacles[i].folder);
}

/* It never makes a change fail, is never lost, and is moved back when the change is rolled back. */
static void target_exists(void **state)
{
    size_t i;
    long n;
    int status;

    (void)state;
    for (i = 0; i < sizeof(obstacles) / sizeof(*obstacles); i++) {
        put(i);
        run(must_change);
        assert_true(there("repos/g/h/new/file") && there("repos/rm__old/file"));
        assert_false(there("repos/old"));
        assert_true(is_aside(obstacles[i].aside));
        put(i);
        run(fail_change);
        assert_true(there("repos/old/file") && is_in_place(i));
        assert_false(there("repos/.rc_left"));
        for (n = (long)i, status = DIED; status == DIED; n += unit_rounds(41, 11)) {
            put(i);
            status = run_to(must_change, n);
            repair();
            if (query(COMMITTED) ? !there("repos/g/h/new/file") || !is_aside(obstacles[i].aside)
                                 : !there("repos/old/file") || !is_in_place(i))
                fail_msg("%s: crash before call %ld", obstacles[i].aside, n);
        }
    }
}

static void repository_exists(void **state)
{
    (void)state;
    fresh();
    assert_null(rc_fs_make_folders(in_dir("repos/g/h/new/objects"), pool));
    assert_null(rc_fs_make_folders(in_dir("repos/g/h/new/refs"), pool));
    write_text(in_dir("repos/g/h/new/HEAD"), "x");
    run(taken);
    assert_true(there("repos/old/file") && there("repos/g/h/new/HEAD"));
    assert_false(there("repos/g/h/new/file") || there("repos/rm__old") || there("repos/.rc_left"));
    assert_int_equal(query(COMMITTED), 0);
    assert_int_equal(left(""), 0);
}

/* Empty directories that existed before are groups and stay. */
static void empty_folders(void **state)
{
    long n;
    int status = DIED;

    (void)state;
    for (n = 0; status == DIED; n += unit_rounds(19, 4)) {
        fresh();
        assert_int_equal(mkdir(in_dir("repos/g"), 0700), 0);
        status = run_to(n % 8 ? fail_change : must_change, n);
        repair();
        assert_true(there("repos/g"));
        assert_true(there("repos/g/h/new/file") == (query(COMMITTED) == 1));
        assert_true(there("repos/g/h") == (query(COMMITTED) == 1));
    }
}

/* A tree moves to where another one has just been moved. */
static void nested(void)
{
    const char *work;

    NEED_OK(rc_work_dir(&work, env, pool));
    NEED(!mkdir(apr_pstrcat(pool, work, "/empty", NULL), 0700));
    disk = rc_disk_txn_begin(env, pool);
    NEED_OK(rc_disk_txn_made(disk, apr_pstrcat(pool, work, "/empty", NULL)));
    rc_disk_txn_add(disk, apr_pstrcat(pool, work, "/empty", NULL), in_dir("repos/g"));
    rc_disk_txn_add(disk, in_dir("repos/old"), in_dir("repos/g/h/old"));
    rc_disk_txn_end(disk, !rc_disk_txn_run(env, db, write_both, NULL, pool));
    apr_pool_destroy(pool);
}

static void target_in_target(void **state)
{
    long n;
    int status = DIED;

    (void)state;
    for (n = 0; status == DIED; n += unit_rounds(11, 3)) {
        fresh();
        status = run_to(nested, n);
        repair();
        assert_true(there("repos/g") == there("repos/g/h/old/file"));
        assert_true(there("repos/g") != there("repos/old/file"));
        assert_true(there("repos/g") == (query(COMMITTED) == 1));
    }
}

/* --- crashes --- */

/* Asserts that recovery works after a crash of the change before its call n: all or nothing. */
static void assert_repaired(long n)
{
    bool all = query(COMMITTED);

    assert_all_or_nothing(all, "crash before call", n);
    if (!all) { /* and the change can be made now */
        run(must_change);
        assert_all_or_nothing(true, "made after crash before call", n);
    }
    assert_int_equal(query(TOKENS), left(".done"));
}

static void crash_anywhere(void **state)
{
    long n;
    int undone = 0, finished = 0, status;

    (void)state;
    for (n = 0;; n++) {
        fresh();
        status = run_to(must_change, n);
        if (status == 0)
            break;
        assert_int_equal(status, DIED);
        repair();
        query(COMMITTED) ? finished++ : undone++;
        assert_repaired(n);
    }
    printf("# %ld calls: %d times undone, %d times finished\n", n, undone, finished);
    assert_true(undone > 10 && finished > 3);
}

static void crash_while_failing(void **state)
{
    long n;
    int status;

    (void)state;
    for (n = 0;; n += unit_rounds(7, 2)) {
        fresh();
        status = run_to(fail_change, n);
        if (status == 0)
            break;
        assert_int_equal(status, DIED);
        repair();
        assert_int_equal(query(COMMITTED), 0);
        assert_all_or_nothing(false, "crash of a failing change before call", n);
    }
}

/* Recovery can die as well, and be started again. */
static void crash_of_repair(void **state)
{
    int i, k;

    (void)state;
    srand(unit_seed());
    for (i = 0; i < unit_rounds(8, 40); i++) {
        long n = rand() % 60;

        fresh();
        run_to(must_change, n);
        for (k = rand() % 3; k >= 0; k--)
            run_to(NULL, rand() % 40);
        repair();
        assert_repaired(n);
    }
}

static void crash_between_changes(void **state)
{
    long n;
    int status;

    (void)state;
    for (n = 0;; n += unit_rounds(7, 3)) { /* the second change removes the first one's token */
        fresh();
        run(must_change);
        assert_int_equal(rename(in_dir("repos/rm__old"), in_dir("repos/old")), 0);
        assert_int_equal(rename(in_dir("repos/g"), in_dir("repos/first")), 0);
        status = run_to(must_change, n);
        repair();
        assert_true(there("repos/first/h/new/file"));
        assert_true(there("repos/g") == there("repos/rm__old"));
        assert_true(there("repos/g") != there("repos/old"));
        assert_int_equal(left("") - left(".done"), 0);
        if (status == 0)
            break;
    }
}

/* --- other processes --- */

static int told[2], answer[2];

/* Pauses in the middle of the transaction, after all renames. */
static void pause_in_the_middle(void)
{
    char c = 0;

    plan();
    NEED_OK(rc_db_begin_write(db));
    NEED_OK(write_both(NULL, db));
    NEED(write(told[1], "x", 1) == 1);
    NEED(read(answer[0], &c, 1) == 1);
    if (c == 'd')
        _exit(DIED);
    if (c == 'c')
        NEED_OK(rc_db_commit(db));
    else
        rc_db_rollback(db);
    NEED(write(told[1], "x", 1) == 1);
    NEED(read(answer[0], &c, 1) == 1);
    rc_disk_txn_end(disk, c == 'c');
    apr_pool_destroy(pool);
}

static void await(void)
{
    char c;

    assert_int_equal(read(told[0], &c, 1), 1);
}

static void tell(const char *what)
{
    assert_int_equal(write(answer[1], what, 1), 1);
}

/* Holds the database open, so that the others do not close it for good; is killed by its parent. */
static void stand_by(void)
{
    NEED(write(told[1], "x", 1) == 1);
    pause();
}

/* A commit that a killed process has written to the -wal file, but not shown to others, is made
 * after all when the next one opens the database alone. By then its disk change is undone. */
static void crash_beside_another(void **state)
{
    long n;
    int status = DIED;
    pid_t other;

    (void)state;
    assert_int_equal(pipe(told), 0);
    for (n = 0; status == DIED; n += unit_rounds(5, 1)) {
        fresh();
        other = start(stand_by, -1);
        await();
        status = run_to(must_change, n);
        repair();
        kill(other, SIGKILL);
        waitpid(other, NULL, 0);
        assert_repaired(n);
    }
}

static rc_err_t *write_and_break(void *baton, rc_db_t *in)
{
    RC_TRY(write_both(baton, in));
    sync_fails = true;
    return NULL;
}

/* The disk works again before the change ends, or not until the process has ended. */
static bool broken_for_long;

static void failing_commit(void)
{
    rc_err_t *err;

    plan();
    err = rc_disk_txn_run(env, db, write_and_break, NULL, pool);
    NEED(err && err->kind == RC_E_INTERNAL);
    sync_fails = broken_for_long;
    rc_disk_txn_end(disk, false);
    NEED(there("repos/old") != broken_for_long);
    apr_pool_destroy(pool);
}

/* A commit that failed is in the -wal file as well. */
static void commit_fails(void **state)
{
    pid_t other;
    int i;

    (void)state;
    for (i = 0; i < 2; i++) {
        fresh();
        broken_for_long = i;
        other = start(stand_by, -1);
        await();
        run(failing_commit);
        repair();
        kill(other, SIGKILL);
        waitpid(other, NULL, 0);
        assert_int_equal(query(COMMITTED), 0);
        assert_all_or_nothing(false, "a commit that failed", i);
    }
}

static void live_change(void **state)
{
    static const char *const ends[] = {"c", "r"};
    size_t i;
    pid_t pid;

    (void)state;
    assert_int_equal(pipe(answer), 0);
    for (i = 0; i < 2; i++) {
        fresh();
        pid = start(pause_in_the_middle, -1);
        await();
        repair();
        assert_true(there("repos/g/h/new/file") && there("repos/rm__old/file"));
        assert_int_equal(left(".op"), 1);
        assert_int_equal(left(""), 2); /* and the work directory */
        tell(ends[i]);
        await();
        repair();
        assert_true(there("repos/g/h/new/file")); /* still that process's, committed or not */
        assert_int_equal(left(".op"), 1);
        tell(ends[i]);
        assert_int_equal(end_of(pid), 0);
        assert_all_or_nothing(i == 0, "live change", (long)i);
    }
    fresh();
    pid = start(pause_in_the_middle, -1);
    await();
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    repair();
    assert_all_or_nothing(false, "killed in the middle", 0);
}

/* A process that started before the crash is the first one to write after it. */
static rc_err_t *write_after_undo(void *baton, rc_db_t *in)
{
    NEED(there("repos/old/file") && !there("repos/g") && !there("repos/rm__old"));
    plan();
    return write_both(baton, in);
}

static void write_after_crash(void)
{
    char c;

    NEED(write(told[1], "x", 1) == 1);
    NEED(read(answer[0], &c, 1) == 1);
    NEED(there("repos/rm__old") && !there("repos/old"));
    NEED_OK(rc_disk_txn_run(env, db, write_after_undo, NULL, pool));
    rc_disk_txn_end(disk, true);
    apr_pool_destroy(pool);
}

static void settled_by_a_writer(void **state)
{
    pid_t dead, writer;

    (void)state;
    fresh();
    dead = start(pause_in_the_middle, -1);
    await();
    writer = start(write_after_crash, -1);
    await();
    kill(dead, SIGKILL);
    waitpid(dead, NULL, 0);
    tell("g");
    assert_int_equal(end_of(writer), 0);
    assert_int_equal(left(".op"), 0);
    repair();
    assert_all_or_nothing(true, "made after a settled crash", 0);
}

static void hold_work_dir(void)
{
    const char *work;
    apr_pool_t *own;
    char c;

    apr_pool_create(&own, pool);
    NEED_OK(rc_work_dir(&work, env, own));
    NEED(!mkdir(apr_pstrcat(pool, work, "/x", NULL), 0700));
    write_text(apr_pstrcat(pool, work, "/x/f", NULL), "x");
    NEED(write(told[1], "x", 1) == 1);
    NEED(read(answer[0], &c, 1) == 1);
    if (c == 'd')
        _exit(DIED);
    apr_pool_destroy(own);
}

static void work_dirs(void **state)
{
    pid_t pid;

    (void)state;
    fresh();
    pid = start(hold_work_dir, -1);
    await();
    repair();
    assert_int_equal(left(""), 1); /* it is locked */
    tell("e");
    assert_int_equal(end_of(pid), 0);
    assert_int_equal(left(""), 0); /* the pool ended */
    pid = start(hold_work_dir, -1);
    await();
    tell("d");
    assert_int_equal(end_of(pid), DIED);
    assert_int_equal(left(""), 1);
    repair();
    assert_int_equal(left(""), 0);
}

/* Many processes change and recover at once. */
static int number;

static void change_often(void)
{
    apr_pool_t *whole = pool;
    int i;

    for (i = 0; i < 15; i++) {
        const char *work, *to;
        rc_err_t *err;

        apr_pool_create(&pool, whole);
        to = apr_psprintf(pool, "%s/group/r%d-%d", in_dir("repos"), number, i);
        NEED_OK(rc_work_dir(&work, env, pool));
        disk = rc_disk_txn_begin(env, pool);
        NEED(!mkdir(apr_pstrcat(pool, work, "/n", NULL), 0700));
        NEED_OK(rc_disk_txn_made(disk, apr_pstrcat(pool, work, "/n", NULL)));
        rc_disk_txn_add(disk, apr_pstrcat(pool, work, "/n", NULL), to);
        err = rc_disk_txn_run(env, db, i % 3 ? write_both : write_and_fail, NULL, pool);
        NEED((i % 3 == 0) == (err != NULL));
        rc_disk_txn_end(disk, !err);
        NEED(rc_fs_exists(to) == (i % 3 != 0));
        NEED_OK(rc_disk_txn_recover(env, pool));
        NEED(rc_fs_exists(to) == (i % 3 != 0));
        apr_pool_destroy(pool);
    }
    pool = whole;
    apr_pool_destroy(pool);
}

static void crowd(void **state)
{
    pid_t pids[6];

    (void)state;
    fresh();
    for (number = 0; number < 6; number++)
        pids[number] = start(change_often, -1);
    while (number-- > 0)
        assert_int_equal(end_of(pids[number]), 0);
    assert_int_equal(left("") - left(".done"), 0);
    assert_int_equal(query(TOKENS), left(".done"));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(commit),
    cmocka_unit_test(rollback),
    cmocka_unit_test(rollback_while_tried),
    cmocka_unit_test(never_applied),
    cmocka_unit_test(tokens),
    cmocka_unit_test(target_exists),
    cmocka_unit_test(repository_exists),
    cmocka_unit_test(empty_folders),
    cmocka_unit_test(target_in_target),
    cmocka_unit_test(crash_anywhere),
    cmocka_unit_test(crash_while_failing),
    cmocka_unit_test(crash_of_repair),
    cmocka_unit_test(crash_between_changes),
    cmocka_unit_test(crash_beside_another),
    cmocka_unit_test(commit_fails),
    cmocka_unit_test(live_change),
    cmocka_unit_test(settled_by_a_writer),
    cmocka_unit_test(work_dirs),
    cmocka_unit_test(crowd),
};

UNIT_MAIN(tests)
