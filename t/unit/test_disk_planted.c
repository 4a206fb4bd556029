// SPDX-License-Identifier: Apache-2.0
/*
 * Tests recovery with entries of .rc_tmp that no crash can leave, and changes that break the rules.
 */
#include "disk_fixture.h"

/* An entry that cannot be a crashed change stays, or is removed without damage. */
static void odd_entries(void **state)
{
    (void)state;
    fresh();
    write_text(in_dir("repos/.rc_tmp/0123.op"), "");                  /* died before it wrote */
    write_text(in_dir("repos/.rc_tmp/4567.op"), in_dir("repos/old")); /* cut */
    write_text(in_dir("repos/.rc_tmp/file"), "x");
    write_text(in_dir("repos/.rc_tmp/89ab.done"), "x");
    repair();
    assert_int_equal(left(".op"), 0);
    assert_false(there("repos/.rc_tmp/file"));
    assert_true(there("repos/old/file"));
    run(must_change);
    assert_all_or_nothing(true, "change", 0);
    assert_int_equal(left(".done"), 1);
}

/* Writes the intention of a rename as a crashed process would leave it. */
static void plant_text(const char *token, const char *from, const char *to)
{
    const char *path = apr_psprintf(pool, "%s/%s.op", in_dir("repos/.rc_tmp"), token);
    FILE *file = fopen(path, "w");

    assert_non_null(file);
    fprintf(file, "%s%c%s%c", from, 0, to, 0);
    fclose(file);
}

static void plant(const char *token, const char *from, const char *to)
{
    plant_text(token, in_dir(from), in_dir(to));
}

/* Intentions have paths relative to the root, so that recovery also works in a root that was moved
 * or restored elsewhere; earlier versions wrote absolute paths. */
static void intentions(void **state)
{
    static const char *const bad[] = {"../out", "a/../../out", "/out", "a//b", "a/", "./a"};
    size_t i;

    (void)state;
    fresh();
    plant_text("01", "again", "old"); /* not in the database: undone */
    repair();
    assert_true(there("repos/again/file") && !there("repos/old"));
    plant("02", "repos/old", "repos/again");
    repair();
    assert_true(there("repos/old/file"));
    assert_int_equal(left(".op"), 0);
    for (i = 0; i < sizeof(bad) / sizeof(*bad); i++) {
        plant_text("03", bad[i], "old");
        repair();
        assert_true(there("repos/old/file"));
        assert_int_equal(left(".refused"), 1);
    }
}

/* A list that names a path outside of the root, directly or through a link, moves nothing. */
static void outside(void **state)
{
    (void)state;
    fresh();
    mkdir(in_dir("far"), 0700);
    assert_int_equal(symlink(in_dir("far"), in_dir("repos/link")), 0);
    write_text(in_dir("far/mine"), "x");
    plant("00", "repos/taken", "far/mine"); /* undoing renames the other way */
    plant("01", "repos/../taken", "repos/old");
    plant("02", "repos/taken", "repos/link/mine");
    plant("03", "repos/link/new", "repos/old");
    plant("04", "repos/taken", "repos");
    assert_int_equal(symlink(in_dir("far/mine"), in_dir("repos/.rc_tmp/05.op")), 0);
    assert_int_equal(symlink(in_dir("far/none"), in_dir("repos/.rc_tmp/06.op")), 0);
    assert_int_equal(mkfifo(in_dir("repos/.rc_tmp/07.op"), 0600), 0);
    repair();
    assert_int_equal(left(".op"), 0); /* so no process waits for them */
    assert_true(there("far/mine"));
    assert_false(there("far/new"));
    assert_false(there("taken"));
    assert_true(there("repos/old/file"));
    assert_false(there("repos/taken"));
    assert_int_equal(left(".refused"), 6); /* all but 02 and 03, which stop at the link */
    unlink(in_dir("far/mine"));
    rmdir(in_dir("far"));
    unlink(in_dir("repos/link"));
}

static void move_unsynced(void)
{
    const char *work;
    rc_err_t *err;

    NEED_OK(rc_work_dir(&work, env, pool));
    NEED(!mkdir(apr_pstrcat(pool, work, "/new", NULL), 0700));
    disk = rc_disk_txn_begin(env, pool);
    rc_disk_txn_add(disk, apr_pstrcat(pool, work, "/new", NULL), in_dir("repos/new"));
    err = rc_db_txn(db, write_both, NULL);
    NEED(err && strstr(rc_err_log_text(err, pool), "is not made durable"));
    rc_disk_txn_end(disk, false);
    apr_pool_destroy(pool);
}

static void unsynced(void **state)
{
    (void)state;
    fresh();
    run(move_unsynced);
    assert_false(there("repos/new"));
    assert_int_equal(query(COMMITTED), 0);
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(odd_entries),
    cmocka_unit_test(intentions),
    cmocka_unit_test(outside),
    cmocka_unit_test(unsynced),
};

UNIT_MAIN(tests)
