// SPDX-License-Identifier: Apache-2.0
/*
 * Tests connections: the file that they create, and that processes do not break each other's
 * connections.
 */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "temp.h"
#include "store/sql.h"
#include "store/texts.h"
#include "store/user.h"
#include "base/unconst.h"

static apr_pool_t *pool;
static rc_db_config_t config;
static const char *dir;

static void ok(rc_err_t *err)
{
    if (err)
        fail_msg("%s", rc_err_log_text(err, pool));
}

static const char *file(const char *suffix)
{
    return apr_pstrcat(pool, config.path, suffix, NULL);
}

static rc_err_t *add_user(void *baton, rc_db_t *db)
{
    rc_user_t user = {
        .username = baton, .firstname = "", .lastname = "", .extern_type = "", .extern_name = ""};

    return rc_store_user_insert(&user, db, NULL, false);
}

/* The part of this program that runs as another program: adds a user to the database. */
static int other_program(const char *path, const char *username)
{
    apr_pool_t *own;
    rc_db_t *db;
    bool failed;

    config.path = path;
    config.create = true;
    apr_pool_create(&own, NULL);
    failed = rc_db_open(&db, &config, own) || rc_db_txn(db, add_user, rc_unconst(username));
    apr_pool_destroy(own);
    return failed;
}

/* Runs a new program, not only a new process, because SQLite keeps its locks in memory. */
static void in_another_process(const char *username)
{
    const char *command =
        apr_psprintf(pool, "/proc/%d/exe '%s' '%s'", (int)getpid(), config.path, username);

    assert_int_equal(system(command), 0);
}

static bool sees(rc_db_t *db, const char *username)
{
    rc_user_t *user;

    ok(rc_store_user_by_name(&user, db, username, pool));
    return user;
}

static void files_are_private(void **unused)
{
    const char *names[] = {"", "-wal", "-shm", ".lock"};
    struct stat info;
    rc_db_t *db;
    int i;

    (void)unused;
    ok(rc_db_open(&db, &config, pool));
    for (i = 0; i < 4; i++) {
        assert_int_equal(stat(file(names[i]), &info), 0);
        assert_int_equal(info.st_mode & 0777, 0600);
    }
}

/* A process that opens a second connection keeps the locks of its first. Otherwise the other
 * process, when it ends, would believe to be the last one and remove the -wal file in use. */
static void a_second_connection_keeps_the_locks(void **unused)
{
    apr_pool_t *own;
    rc_db_t *first, *second;

    (void)unused;
    ok(rc_db_open(&first, &config, pool));
    assert_false(sees(first, "one"));
    apr_pool_create(&own, NULL);
    ok(rc_db_open(&second, &config, own));
    in_another_process("one");
    assert_int_equal(access(file("-wal"), F_OK), 0);
    assert_true(sees(first, "one"));
    assert_true(sees(second, "one"));
    apr_pool_destroy(own);
    in_another_process("two");
    assert_true(sees(first, "two"));
    ok(rc_db_txn(first, add_user, "three"));
    ok(rc_db_open(&second, &config, pool));
    assert_true(sees(second, "three"));
}

static void an_existing_file_keeps_its_mode(void **unused)
{
    struct stat info;
    rc_db_t *db;

    (void)unused;
    assert_int_equal(chmod(config.path, 0640), 0);
    ok(rc_db_open(&db, &config, pool));
    assert_int_equal(stat(config.path, &info), 0);
    assert_int_equal(info.st_mode & 0777, 0640);
}

/* A lock holder may be stopped for a long time. */
static void a_writer_does_not_wait_for_ever(void **unused)
{
    struct flock lock = {.l_type = F_WRLCK, .l_len = 1};
    rc_db_config_t hasty = config;
    rc_err_t *err;
    rc_db_t *db;
    int fd;

    (void)unused;
    hasty.path = apr_pstrcat(pool, dir, "/busy.db", NULL);
    hasty.timeout = apr_time_from_msec(50);
    ok(rc_db_open(&db, &hasty, pool));
    assert_true((fd = open(apr_pstrcat(pool, hasty.path, ".lock", NULL), O_RDWR)) >= 0);
    assert_false(fcntl(fd, F_OFD_SETLK, &lock));
    err = rc_db_txn(db, add_user, "late");
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_BUSY);
    close(fd);
    ok(rc_db_txn(db, add_user, "early"));
}

/* What some databases cannot do is an error with all of them. */
static void one_statement_is_stepped_at_a_time(void **unused)
{
    rc_stmt_t *users, *setting;
    rc_db_t *db;
    bool row;

    (void)unused;
    ok(rc_db_open(&db, &config, pool));
    ok(rc_db_txn(db, add_user, "stepped"));
    ok(rc_query(&users, db, SQL_USER_BY_NAME, "s", "stepped"));
    ok(rc_query(&setting, db, SQL_SETTING_GET, "s", "x"));
    ok(rc_step(&row, users, db));
    assert_true(row);
    assert_int_equal(rc_step(&row, setting, db)->kind, RC_E_INTERNAL);
    assert_int_equal(rc_db_begin_read(db)->kind, RC_E_INTERNAL);
    assert_int_equal(rc_db_begin_write(db)->kind, RC_E_INTERNAL);
    rc_done(users);
    ok(rc_step(&row, setting, db));
    assert_false(row);
    ok(rc_db_txn(db, add_user, "stepped too"));
}

static rc_err_t *add_twice(void *baton, rc_db_t *db)
{
    ok(add_user(baton, db));
    assert_int_equal(add_user(baton, db)->kind, RC_E_CONFLICT);
    assert_int_equal(add_user("another", db)->kind, RC_E_INTERNAL);
    return NULL;
}

static void a_transaction_ends_with_its_first_error(void **unused)
{
    rc_db_t *db;

    (void)unused;
    ok(rc_db_open(&db, &config, pool));
    assert_int_equal(rc_db_txn(db, add_twice, "twice")->kind, RC_E_INTERNAL);
    assert_false(sees(db, "twice"));
    ok(rc_db_txn(db, add_user, "twice"));
}

static void missing_directory(void **unused)
{
    rc_db_config_t wrong = config;
    rc_db_t *db;

    (void)unused;
    wrong.path = file("/x.db");
    assert_non_null(rc_db_open(&db, &wrong, pool));
}

/* As init sets a former database aside, and puts it back: with the changes that are only in the
 * -wal file. */
static void a_database_moves_with_its_files(void **unused)
{
    rc_db_config_t moving = config;
    const char *path;

    (void)unused;
    moving.path = path = apr_pstrcat(pool, dir, "/moving.db", NULL);
    assert_false(rc_db_exists(&moving, pool));
    assert_null(rc_db_set_aside(&moving, pool)); /* there is nothing to move */
    assert_int_equal(
        system(apr_psprintf(pool, "touch %s; echo a >%s-wal; echo b >%s.old", path, path, path)),
        0);
    assert_true(rc_db_exists(&moving, pool)); /* changes without a database */
    assert_null(rc_db_set_aside(&moving, pool));
    assert_false(rc_db_exists(&moving, pool));
    assert_int_equal(system(apr_psprintf(pool,
                                         "test ! -e %s-wal && test ! -s %s.old && "
                                         "test -s %s.old-wal",
                                         path, path, path)),
                     0);
    assert_null(rc_db_bring_back(&moving, pool));
    assert_true(rc_db_exists(&moving, pool));
    assert_null(rc_db_set_aside(&moving, pool));
    assert_null(rc_db_forget_aside(&moving, pool));
    assert_false(rc_db_exists(&moving, pool));
    assert_int_equal(system(apr_psprintf(pool, "ls %s* >/dev/null 2>&1", path)) != 0, 1);
}

static int set_up(void **unused)
{
    (void)unused;
    dir = temp_dir(pool);
    config.path = apr_pstrcat(pool, dir, "/rcapi.db", NULL);
    config.create = true;
    return 0;
}

static int tear_down(void **unused)
{
    (void)unused;
    return system(apr_psprintf(pool, "rm -rf '%s'", dir));
}

int main(int argc, char **argv)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_private),
        cmocka_unit_test(a_second_connection_keeps_the_locks),
        cmocka_unit_test(an_existing_file_keeps_its_mode),
        cmocka_unit_test(a_writer_does_not_wait_for_ever),
        cmocka_unit_test(one_statement_is_stepped_at_a_time),
        cmocka_unit_test(a_transaction_ends_with_its_first_error),
        cmocka_unit_test(missing_directory),
        cmocka_unit_test(a_database_moves_with_its_files),
    };
    int n;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    config.texts = &rc_store_texts;
    config.synchronous = "OFF";
    config.timeout = apr_time_from_sec(5);
    rc_db_startup();
    if (argc == 3)
        return other_program(argv[1], argv[2]);
    n = cmocka_run_group_tests(tests, set_up, tear_down);
    apr_terminate();
    return n;
}
