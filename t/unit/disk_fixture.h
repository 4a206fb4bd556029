// SPDX-License-Identifier: Apache-2.0
/*
 * Creates a root with a database and one change of it, and runs processes that die before a chosen
 * system call.
 */
#ifndef RC_UNIT_MOVES_FIXTURE_H
#define RC_UNIT_MOVES_FIXTURE_H

#include "dying.h"
#include "unit.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "base/fs.h"
#include "domain/disk_transaction.h"
#include "store/setting.h"
#include "vcs/vcs.h"

#define UNUSED __attribute__((unused)) /* by one of the tests */

/* --- processes --- */

static UNUSED rc_env_t *env;
static UNUSED rc_db_t *db;

/* For checks inside a child, because cmocka does not see its failures. */
#define NEED(cond)                                                                                 \
    do {                                                                                           \
        if (!(cond)) {                                                                             \
            fprintf(stderr, "# line %d: %s\n", __LINE__, #cond);                                   \
            _exit(3);                                                                              \
        }                                                                                          \
    } while (0)
#define NEED_OK(expr)                                                                              \
    do {                                                                                           \
        rc_err_t *need_ = (expr);                                                                  \
        if (need_) {                                                                               \
            fprintf(stderr, "# line %d: %s\n", __LINE__, rc_err_log_text(need_, pool));            \
            _exit(3);                                                                              \
        }                                                                                          \
    } while (0)

static UNUSED void open_env(void)
{
    rc_env_config_t config;

    rc_env_defaults(&config);
    config.db.path = in_dir("db");
    config.db.create = true;
    config.repo_root = in_dir("repos");
    config.secret_file = in_dir("secret");
    NEED_OK(rc_env_open(&env, &config, pool));
    NEED_OK(rc_db_acquire(&db, env->db_pool, pool));
}

/* Runs fn in a new process with the environment open, after recovery; the process dies before its
 * call n. */
static UNUSED pid_t start(void (*fn)(void), long n)
{
    pid_t pid;

    fflush(stdout);
    fflush(stderr);
    if ((pid = fork()))
        return pid;
    alarm((unsigned)apr_time_sec(patience(60)));
    if (fn) {
        open_env();
        calls = 0;
        die_at = n;
        fn();
    } else { /* recovery itself */
        calls = 0;
        die_at = n;
        open_env();
    }
    die_at = -1;
    _exit(0);
}

static UNUSED int end_of(pid_t pid)
{
    int status;

    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static UNUSED int run_to(void (*fn)(void), long n)
{
    return end_of(start(fn, n));
}

static UNUSED void run(void (*fn)(void))
{
    assert_int_equal(run_to(fn, -1), 0);
}

static UNUSED void repair(void)
{
    run(NULL);
}

/* --- what exists --- */

static UNUSED bool there(const char *name)
{
    return rc_fs_exists(in_dir(name));
}

/* Returns the number of entries in .rc_tmp whose name has this suffix; "" = all. */
static UNUSED int left(const char *suffix)
{
    DIR *dir = opendir(in_dir("repos/.rc_tmp"));
    struct dirent *entry;
    int n = 0;

    assert_non_null(dir);
    while ((entry = readdir(dir))) {
        apr_size_t len = strlen(entry->d_name), tail = strlen(suffix);

        n += *entry->d_name != '.' && len >= tail && !strcmp(entry->d_name + len - tail, suffix);
    }
    closedir(dir);
    return n;
}

static UNUSED int query(const char *sql)
{
    sqlite3 *handle;
    sqlite3_stmt *st;
    int n;

    assert_int_equal(sqlite3_open(in_dir("db"), &handle), SQLITE_OK);
    assert_int_equal(sqlite3_prepare_v2(handle, sql, -1, &st, NULL), SQLITE_OK);
    assert_int_equal(sqlite3_step(st), SQLITE_ROW);
    n = sqlite3_column_int(st, 0);
    sqlite3_finalize(st);
    sqlite3_close(handle);
    return n;
}

#define COMMITTED "SELECT count(*) FROM setting WHERE name = 'made'"
#define TOKENS    "SELECT count(*) FROM disk_change"

static void copy_file(const char *from, const char *to)
{
    if (there(from))
        assert_int_equal(apr_file_copy(in_dir(from), in_dir(to), APR_FPROT_FILE_SOURCE_PERMS, pool),
                         APR_SUCCESS);
}

/* Keeps the database of the first call and copies it later, because creating one is slower. */
static void fresh_database(void)
{
    if (!there("kept")) {
        ASSERT_OK(rc_vcs_startup(pool)); /* so children need not start libgit2 again */
        repair();
        copy_file("db", "kept");
        copy_file("db-wal", "kept-wal");
    } else {
        copy_file("kept", "db");
        copy_file("kept-wal", "db-wal");
        assert_int_equal(mkdir(in_dir("repos/.rc_tmp"), 0700), 0);
    }
}

static UNUSED void fresh(void)
{
    rc_err_t *err = rc_fs_remove_tree(in_dir("repos"), pool);

    assert_null(err);
    unlink(in_dir("db"));
    unlink(in_dir("db-wal"));
    unlink(in_dir("db-shm"));
    if (!there("secret"))
        assert_null(rc_secret_create(in_dir("secret"), pool));
    assert_int_equal(mkdir(in_dir("repos"), 0700), 0);
    assert_int_equal(mkdir(in_dir("repos/old"), 0700), 0);
    write_text(in_dir("repos/old/file"), "old");
    fresh_database();
}

/* Asserts that a change is there completely or not at all, and that nothing else is left. */
static UNUSED void assert_all_or_nothing(bool all, const char *about, long n)
{
    if (there("repos/g/h/new/file") != all || there("repos/g") != all ||
        there("repos/rm__old/file") != all || there("repos/old/file") == all)
        fail_msg("%s %ld: half of it", about, n);
    if (left("") - left(".done"))
        fail_msg("%s %ld: %d entries left", about, n, left("") - left(".done"));
}

/* --- the change: a new tree moves in, an old one out --- */

static UNUSED rc_disk_txn_t *disk;

static UNUSED void plan(void)
{
    const char *work;

    NEED_OK(rc_work_dir(&work, env, pool));
    NEED(!mkdir(apr_pstrcat(pool, work, "/new", NULL), 0700));
    write_text(apr_pstrcat(pool, work, "/new/file", NULL), "new");
    disk = rc_disk_txn_begin(env, pool);
    NEED_OK(rc_disk_txn_made(disk, apr_pstrcat(pool, work, "/new", NULL)));
    rc_disk_txn_add(disk, apr_pstrcat(pool, work, "/new", NULL), in_dir("repos/g/h/new"));
    rc_disk_txn_add(disk, in_dir("repos/old"), in_dir("repos/rm__old"));
}

static UNUSED rc_err_t *write_both(void *baton, rc_db_t *in)
{
    (void)baton;
    RC_TRY(rc_store_setting_set(in, "made", "yes"));
    return rc_disk_txn_apply(disk, in);
}

static UNUSED rc_err_t *change(void)
{
    rc_err_t *err;

    plan();
    err = rc_disk_txn_run(env, db, write_both, NULL, pool);
    rc_disk_txn_end(disk, !err);
    return err;
}

static UNUSED void must_change(void)
{
    NEED_OK(change());
    apr_pool_destroy(pool);
}

static UNUSED rc_err_t *write_and_fail(void *baton, rc_db_t *in)
{
    RC_TRY(write_both(baton, in));
    return rc_err_failed(pool, "so");
}

static UNUSED void fail_change(void)
{
    rc_err_t *err;

    plan();
    err = rc_disk_txn_run(env, db, write_and_fail, NULL, pool);
    NEED(err && err->kind == RC_E_FAILED);
    rc_disk_txn_end(disk, false);
    apr_pool_destroy(pool);
}

#endif
