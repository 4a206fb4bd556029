// SPDX-License-Identifier: Apache-2.0
/*
 * Tests the memory of a database: what was remembered is found while nothing that it was read from
 * has changed, whoever wrote; and not when that cannot be told.
 */
#include "unit.h"

#include <fcntl.h>
#include <regex.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "db/memory.h"
#include "domain/env.h"
#include "store/repo.h"
#include "store/setting.h"
#include "store/sql.h"
#include "store/texts.h"

static rc_db_config_t config;
static rc_db_pool_t *db_pool, *others; /* the second one stands for another process */
static rc_db_t *writer;
static const rc_memory_key_t setting_key = {.kind = 'x', .data = "setting", .len = 7};

static int begin(void **state)
{
    rc_env_config_t settings;
    apr_pool_t *own;

    if (unit_begin(state))
        return -1;
    rc_env_defaults(&settings);
    config = settings.db;
    config.path = in_dir("db");
    config.create = true;
    config.remember = 1 << 20;
    apr_pool_create(&own, pool);
    if (rc_db_pool_create(&db_pool, &config, own) || rc_db_pool_create(&others, &config, own) ||
        rc_db_acquire(&writer, others, own))
        return -1;
    return 0;
}

static rc_err_t *set_value(void *baton, rc_db_t *db)
{
    return rc_store_setting_set(db, "planted", baton);
}

static void set(const char *value)
{
    ASSERT_OK(rc_db_txn(writer, set_value, (void *)(apr_uintptr_t)value));
}

static rc_err_t *add_journal(void *baton, rc_db_t *db)
{
    (void)baton;
    return rc_execute(db, SQL_JOURNAL_ADD_NAMED, "srsssi", "me", (apr_int64_t)0, "", "done", "",
                      (apr_int64_t)1);
}

/* A write that has nothing to do with settings. */
static void write_elsewhere(void)
{
    ASSERT_OK(rc_db_txn(writer, add_journal, NULL));
}

/* Runs SQL as a program does that knows nothing of this module. */
static void write_as_foreigner(const char *sql)
{
    sqlite3 *handle;

    assert_int_equal(sqlite3_open(config.path, &handle), SQLITE_OK);
    sqlite3_busy_timeout(handle, 5000);
    assert_int_equal(sqlite3_exec(handle, sql, NULL, NULL, NULL), SQLITE_OK);
    sqlite3_close(handle);
}

/* Returns the remembered value, or NULL: there is none, or it cannot be told. */
static const char *recalled(void)
{
    rc_bytes_t found = {NULL, 0};
    rc_err_t *err;
    rc_db_t *db;

    ASSERT_OK(rc_db_acquire_memory(&db, db_pool, pool));
    if (!db)
        return NULL;
    err = rc_db_begin_read(db);
    if (err) {
        assert_int_equal(err->kind, RC_E_MISS);
        return NULL;
    }
    found = rc_recall(db, &setting_key, pool);
    ASSERT_OK(rc_db_commit(db));
    return found.data ? apr_pstrmemdup(pool, found.data, found.len) : NULL;
}

/* Reads the value in a transaction, from memory if it is there, else from the database. */
static const char *read_and_remember(void)
{
    const char *value = NULL;
    rc_bytes_t found;
    apr_pool_t *own;
    rc_db_t *db;

    apr_pool_create(&own, pool);
    ASSERT_OK(rc_db_acquire(&db, db_pool, own));
    ASSERT_OK(rc_db_begin_read(db));
    found = rc_recall(db, &setting_key, pool);
    if (found.data) {
        value = apr_pstrmemdup(pool, found.data, found.len);
    } else {
        ASSERT_OK(rc_store_setting(&value, db, "planted", pool));
        rc_remember(db, &setting_key, RC_SINCE_RECALL, (rc_bytes_t){value, strlen(value)});
    }
    ASSERT_OK(rc_db_commit(db));
    apr_pool_destroy(own);
    return value;
}

/* Until the state is known: after a commit that is not recorded it is not, for a moment. */
static void remember_now(const char *value)
{
    int tries = 10000;

    do {
        assert_string_equal(read_and_remember(), value);
        if (!recalled())
            apr_sleep(1000);
    } while (!recalled() && --tries);
    assert_string_equal(recalled(), value);
}

static void keeps_until_a_change(void **state)
{
    (void)state;
    set("one");
    assert_null(recalled());
    remember_now("one");
    write_elsewhere();
    assert_string_equal(recalled(), "one");
    set("two");
    assert_null(recalled());
    remember_now("two");
}

static void a_foreign_write_ends_everything(void **state)
{
    (void)state;
    set("one");
    remember_now("one");
    write_as_foreigner("UPDATE setting SET value = 'foreign' WHERE name = 'planted'");
    assert_null(recalled());
    remember_now("foreign");
    write_as_foreigner("DELETE FROM journal");
    assert_null(recalled());
    write_elsewhere(); /* links to nothing that is known */
    assert_null(recalled());
    remember_now("foreign");
}

/* A write in a transaction that is rolled back, and one without a change, end nothing. */
static rc_err_t *fail_after(void *baton, rc_db_t *db)
{
    RC_TRY(set_value(baton, db));
    return rc_err_failed(pool, "planted");
}

static rc_err_t *do_nothing(void *baton, rc_db_t *db)
{
    (void)baton;
    (void)db;
    return NULL;
}

static void what_did_not_happen_ends_nothing(void **state)
{
    char value[] = "no";

    (void)state;
    set("one");
    remember_now("one");
    assert_non_null(rc_db_txn(writer, fail_after, value));
    assert_string_equal(recalled(), "one");
    ASSERT_OK(rc_db_txn(writer, do_nothing, NULL));
    assert_string_equal(recalled(), "one");
}

/* The -wal file is copied into the database and begins anew several times. */
static void outlives_the_wal(void **state)
{
    int i;

    (void)state;
    set("one");
    remember_now("one");
    for (i = 0; i < 3000; i++) {
        ASSERT_OK(rc_db_txn_lazy(writer, add_journal, NULL));
        if (!(i % 100))
            assert_string_equal(recalled(), "one");
    }
    assert_string_equal(recalled(), "one");
    write_as_foreigner("PRAGMA wal_checkpoint(TRUNCATE)");
    assert_string_equal(recalled(), "one");
    write_elsewhere();
    assert_string_equal(recalled(), "one");
}

/* More commits than the ring has places: those in between are lost. */
static void too_many_commits_are_lost(void **state)
{
    int i;

    (void)state;
    set("one");
    remember_now("one");
    for (i = 0; i < 300; i++)
        ASSERT_OK(rc_db_txn_lazy(writer, add_journal, NULL));
    assert_null(recalled());
    remember_now("one");
}

/* Fills what each record says of the changes with an odd number; a place of the ring has two
 * numbers of 4 bytes, two headers, and the extent. */
static void overwrite_extents(int fd, apr_size_t size)
{
    const apr_size_t head = 8 + 2 * 48, each = head + sizeof(rc_extent_t);
    char bytes[sizeof(rc_extent_t)];
    apr_size_t at;

    memset(bytes, 0x5a, sizeof(bytes));
    assert_int_equal(size % each, 0);
    for (at = head; at < size; at += each)
        assert_int_equal(pwrite(fd, bytes, sizeof(bytes), (off_t)at), sizeof(bytes));
}

/* Bytes of the ring that are not on the disk yet could not be written when the disk is full. */
static void a_ring_has_no_holes(void **state)
{
    rc_db_config_t fresh = config;
    rc_db_pool_t *third;
    struct stat st;

    (void)state;
    fresh.path = in_dir("fresh");
    ASSERT_OK(rc_db_pool_create(&third, &fresh, pool));
    assert_false(stat(in_dir("fresh.ring"), &st));
    assert_true(st.st_blocks * 512 >= st.st_size);
}

/* The ring of another version, which this process must not cut while that one has it mapped; of a
 * damaged one no number is believed. */
static void a_ring_is_taken_as_it_is(void **state)
{
    int fd = open(in_dir("db.ring"), O_RDWR | O_CLOEXEC);
    rc_db_pool_t *third;
    struct stat st, now;

    (void)state;
    assert_false(fstat(fd, &st));
    set("one");
    remember_now("one");
    set("two");
    overwrite_extents(fd, (apr_size_t)st.st_size);
    assert_null(recalled());
    assert_false(ftruncate(fd, 2 * st.st_size));
    ASSERT_OK(rc_db_pool_create(&third, &config, pool));
    assert_false(fstat(fd, &now));
    assert_true(now.st_size == 2 * st.st_size);
    close(fd);
}

/* A schema step and other plain SQL may change anything. */
static rc_err_t *run_sql(void *baton, rc_db_t *db)
{
    return rc_db_exec(db, baton);
}

static void plain_sql_ends_everything(void **state)
{
    char sql[] = "DELETE FROM journal WHERE 0 = 1; INSERT INTO disk_change VALUES ('t', 1)";

    (void)state;
    set("one");
    remember_now("one");
    ASSERT_OK(rc_db_txn(writer, run_sql, sql));
    assert_null(recalled());
}

/* A transaction finds what held when it began, not what was read later. */
static void a_snapshot_is_exact(void **state)
{
    const char *value;
    rc_db_t *early;

    (void)state;
    set("one");
    remember_now("one");
    ASSERT_OK(rc_db_acquire(&early, db_pool, pool));
    ASSERT_OK(rc_db_begin_read(early));
    set("two");
    remember_now("two");
    assert_null(rc_recall(early, &setting_key, pool).data);
    ASSERT_OK(rc_store_setting(&value, early, "planted", pool));
    assert_string_equal(value, "one");
    rc_remember(early, &setting_key, RC_SINCE_RECALL, (rc_bytes_t){"one", 3});
    ASSERT_OK(rc_db_commit(early));
    rc_db_release(early);
    assert_null(recalled()); /* the older value is out of date at once */
}

/* Inside of a write transaction, and outside of transactions, nothing is found. */
static rc_err_t *recall_in_write(void *baton, rc_db_t *db)
{
    *(bool *)baton = rc_recall(db, &setting_key, pool).data != NULL;
    return NULL;
}

static void only_readers_recall(void **state)
{
    apr_pool_t *own;
    rc_db_t *db;
    bool found;

    (void)state;
    set("one");
    remember_now("one");
    apr_pool_create(&own, pool);
    ASSERT_OK(rc_db_acquire(&db, db_pool, own));
    ASSERT_OK(rc_db_txn(db, recall_in_write, &found));
    assert_false(found);
    assert_null(rc_recall(db, &setting_key, pool).data);
    apr_pool_destroy(own);
}

static void a_statement_misses(void **state)
{
    const char *value;
    rc_err_t *err;
    rc_db_t *db;

    (void)state;
    set("one");
    remember_now("one");
    ASSERT_OK(rc_db_acquire_memory(&db, db_pool, pool));
    assert_true(rc_db_is_memory(db));
    ASSERT_OK(rc_db_begin_read(db));
    err = rc_store_setting(&value, db, "planted", pool);
    assert_non_null(err);
    assert_int_equal(err->kind, RC_E_MISS);
    rc_db_rollback(db);
    rc_db_release(db);
}

/* --- single rows --- */

static rc_err_t *insert_repos(void *baton, rc_db_t *db)
{
    apr_int64_t *ids = baton;
    rc_repo_t repo = {.type = "git", .owner_id = 1, .description = "", .landing_rev = "rev:tip"};
    int i;

    RC_TRY(rc_db_exec(db, "INSERT OR IGNORE INTO users (user_id, username, created_on)"
                          " VALUES (1, 'default', 0)"));
    for (i = 0; i < 2; i++) {
        repo.name = i ? "b" : "a";
        RC_TRY(rc_store_repo_insert(&repo, db));
        ids[i] = repo.id;
    }
    return NULL;
}

static rc_err_t *lock_repo(void *baton, rc_db_t *db)
{
    const apr_int64_t *id = baton;

    return rc_execute(db, SQL_REPO_SET_LOCK, "iris", *id, (apr_int64_t)1, (apr_int64_t)1, "");
}

static void one_row_is_not_another(void **state)
{
    rc_memory_key_t keys[] = {{.kind = 'y', .id = 1}, {.kind = 'y', .id = 2}};
    apr_int64_t ids[2];
    rc_stmt_t *st;
    rc_db_t *db;
    bool found;
    int i, n;

    (void)state;
    ASSERT_OK(rc_db_txn(writer, insert_repos, ids));
    for (n = 0; n < 2; n++) {
        ASSERT_OK(rc_db_acquire(&db, db_pool, pool));
        ASSERT_OK(rc_db_begin_read(db));
        for (i = 0; i < 2; i++) {
            assert_null(rc_recall(db, &keys[i], pool).data);
            ASSERT_OK(rc_query(&st, db, SQL_REPO_NAME, "i", ids[i]));
            ASSERT_OK(rc_step(&found, st, db));
            rc_done(st);
            rc_read_row(db, TABLE_REPO, ids[i]);
            rc_remember(db, &keys[i], RC_SINCE_RECALL, (rc_bytes_t){"v", 1});
        }
        ASSERT_OK(rc_db_commit(db));
        ASSERT_OK(rc_db_txn(writer, lock_repo, &ids[n]));
        ASSERT_OK(rc_db_begin_read(db));
        assert_null(rc_recall(db, &keys[n], pool).data);
        assert_non_null(rc_recall(db, &keys[!n], pool).data);
        ASSERT_OK(rc_db_commit(db));
        ASSERT_OK(rc_db_txn(writer, lock_repo, &ids[!n]));
        rc_db_release(db);
    }
}

/* --- what changes are reported for --- */

static void texts_report_all_changes(void **state)
{
    regex_t lost;
    int i;

    (void)state;
    assert_true(rc_store_texts.table_count <= RC_TABLES);
    assert_string_equal(rc_store_texts.tables[TABLE_REPO], "repo");
    assert_false(regcomp(&lost, "DELETE FROM [a-z_]+( RETURNING.*)?$|REPLACE INTO|OR REPLACE",
                         REG_EXTENDED | REG_NOSUB));
    for (i = 0; i < rc_store_texts.statement_count; i++)
        if (!regexec(&lost, rc_store_texts.statements[i], 0, NULL, 0))
            fail_msg("changes of this are not reported: %s", rc_store_texts.statements[i]);
    regfree(&lost);
    for (i = 0; i < rc_store_texts.step_count; i++)
        assert_null(strcasestr(rc_store_texts.steps[0][i], "WITHOUT ROWID"));
}

/* Another program writes: a change that does not wait for it leaves the connection as it was. */
static void a_busy_writer_is_no_hindrance(void **state)
{
    sqlite3 *handle;
    rc_err_t *err;

    (void)state;
    assert_int_equal(sqlite3_open(config.path, &handle), SQLITE_OK);
    assert_int_equal(sqlite3_exec(handle, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
    err = rc_db_txn_idle(writer, add_journal, NULL);
    assert_true(err && err->kind == RC_E_BUSY);
    ASSERT_OK(rc_db_begin_read(writer));
    ASSERT_OK(rc_db_commit(writer));
    sqlite3_close(handle);
    ASSERT_OK(rc_db_txn_idle(writer, add_journal, NULL));
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(a_busy_writer_is_no_hindrance),
    cmocka_unit_test(keeps_until_a_change),
    cmocka_unit_test(a_foreign_write_ends_everything),
    cmocka_unit_test(what_did_not_happen_ends_nothing),
    cmocka_unit_test(outlives_the_wal),
    cmocka_unit_test(too_many_commits_are_lost),
    cmocka_unit_test(a_ring_has_no_holes),
    cmocka_unit_test(a_ring_is_taken_as_it_is),
    cmocka_unit_test(plain_sql_ends_everything),
    cmocka_unit_test(a_snapshot_is_exact),
    cmocka_unit_test(only_readers_recall),
    cmocka_unit_test(a_statement_misses),
    cmocka_unit_test(one_row_is_not_another),
    cmocka_unit_test(texts_report_all_changes),
};

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
