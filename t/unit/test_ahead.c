// SPDX-License-Identifier: Apache-2.0
/*
 * Tests statements that are sent before others have been read (rc_ahead): each gets its own answer,
 * whatever comes between. RCAPI_DATABASE=name: in that database in place of a new one of SQLite,
 * which sends nothing ahead (t/5g-postgresql-sql.t).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include <apr_general.h>
#include <apr_strings.h>

#include "store/sql.h"
#include "store/user.h"

#include "database.h"
#include "temp.h"

#define USERS 3 /* u1, u2 ... */

static apr_pool_t *pool;
static rc_db_t *db;
static apr_int64_t ids[USERS + 1];

static void ok(rc_err_t *err)
{
    if (err)
        fail_msg("%s", rc_err_log_text(err, pool));
}

static const char *name_of(int n)
{
    return apr_psprintf(pool, "u%d", n);
}

/* Asks for the @a count users from number @a first on. */
static rc_stmt_t *ask_by_id(int first, int count)
{
    rc_stmt_t *st;

    ok(rc_query(&st, db, SQL_USERS_NAMES, ""));
    rc_expect_few(st);
    ok(rc_bind_ids(st, 1, ids + first, count));
    return st;
}

/* Asks for the user behind the one of number @a before. */
static rc_stmt_t *ask_by_name(int before)
{
    rc_stmt_t *st;

    ok(rc_query(&st, db, SQL_USERS_BY_NAME, "si", name_of(before), (apr_int64_t)1));
    rc_expect_few(st);
    return st;
}

/* Checks that the answer is the @a count users from number @a first on, in any order. */
static void answers(rc_stmt_t *st, int first, int count)
{
    int seen = 0, i;
    bool found;

    for (;;) {
        ok(rc_step(&found, st, db));
        if (!found)
            break;
        for (i = first; i < first + count; i++)
            if (rc_column_int(st, 0) == ids[i] && strcmp(rc_column_peek(st, 1), name_of(i)) == 0)
                seen |= 1 << i;
    }
    assert_int_equal(seen, ((1 << count) - 1) << first);
}

/* Only what has run before in this connection is sent ahead, and only in a transaction. */
static void begin(void)
{
    ok(rc_db_begin_read(db));
    answers(ask_by_id(1, 1), 1, 1);
    answers(ask_by_name(0), 1, 1);
}

static void each_gets_its_own(void **unused)
{
    rc_stmt_t *one, *other;

    (void)unused;
    begin();
    ok(rc_ahead(one = ask_by_id(1, 2)));
    ok(rc_ahead(other = ask_by_name(2)));
    answers(one, 1, 2);
    answers(other, 3, 1);
    answers(one, 1, 2); /* again, as it is bound */
    ok(rc_db_commit(db));
}

static void order_does_not_matter(void **unused)
{
    rc_stmt_t *one, *other;

    (void)unused;
    begin();
    ok(rc_ahead(one = ask_by_id(2, 2)));
    ok(rc_ahead(other = ask_by_name(0)));
    answers(other, 1, 1);
    answers(one, 2, 2);
    ok(rc_db_commit(db));
}

static void what_is_bound_later_counts(void **unused)
{
    rc_stmt_t *st;

    (void)unused;
    begin();
    ok(rc_ahead(st = ask_by_name(0)));
    assert_ptr_equal(rc_sent_ahead(db, SQL_USERS_BY_NAME), st);
    st = ask_by_name(1);
    assert_null(rc_sent_ahead(db, SQL_USERS_BY_NAME));
    answers(st, 2, 1);
    ok(rc_ahead(st = ask_by_name(0)));
    ok(rc_ahead(st = ask_by_name(2)));
    answers(st, 3, 1);
    assert_null(rc_sent_ahead(db, SQL_USERS_BY_NAME));
    ok(rc_db_commit(db));
}

static void what_is_never_read_is_forgotten(void **unused)
{
    (void)unused;
    begin();
    ok(rc_ahead(ask_by_id(1, 3)));
    ok(rc_ahead(ask_by_name(0)));
    ok(rc_db_commit(db));
    begin();
    ok(rc_db_commit(db));
}

static void a_list_can_stop_before_it(void **unused)
{
    rc_stmt_t *one, *other;
    bool found;

    (void)unused;
    begin();
    one = ask_by_id(1, 3);
    ok(rc_ahead(one));
    ok(rc_ahead(other = ask_by_name(1)));
    ok(rc_step(&found, one, db));
    assert_true(found);
    rc_done(one);
    answers(other, 2, 1);
    ok(rc_db_commit(db));
}

static rc_err_t *rename_behind(void *baton, rc_db_t *unused)
{
    rc_stmt_t *st;
    bool found;

    (void)baton;
    (void)unused;
    answers(ask_by_name(2), 3, 1);
    ok(rc_ahead(st = ask_by_name(2)));
    ok(rc_execute(db, SQL_USER_UPDATE, "innnddnn", ids[3], "z3", "", "", 1, 0, "", ""));
    ok(rc_step(&found, st, db));
    assert_string_equal(rc_column_peek(st, 1), "z3");
    rc_done(st);
    return rc_err_failed(pool, "not to be kept");
}

static void a_change_comes_before_it(void **unused)
{
    (void)unused;
    assert_non_null(rc_db_txn(db, rename_behind, NULL));
    begin();
    answers(ask_by_name(2), 3, 1);
    ok(rc_db_commit(db));
}

static rc_err_t *add_users(void *baton, rc_db_t *unused)
{
    int i;

    (void)baton;
    (void)unused;
    for (i = 1; i <= USERS; i++) {
        rc_user_t user = {.username = name_of(i),
                          .firstname = "",
                          .lastname = "",
                          .extern_type = "",
                          .extern_name = ""};

        ok(rc_store_user_insert(&user, db, NULL, false));
        ids[i] = user.id;
    }
    return NULL;
}

static int open_database(void **dir)
{
    *dir = temp_dir(pool);
    ok(open_test_database(&db, *dir, pool));
    ok(rc_db_txn(db, add_users, NULL));
    return 0;
}

static int remove_database(void **dir)
{
    return system(apr_psprintf(pool, "rm -rf '%s'", (const char *)*dir));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(each_gets_its_own),
        cmocka_unit_test(order_does_not_matter),
        cmocka_unit_test(what_is_bound_later_counts),
        cmocka_unit_test(what_is_never_read_is_forgotten),
        cmocka_unit_test(a_list_can_stop_before_it),
        cmocka_unit_test(a_change_comes_before_it),
    };
    int n;

    apr_initialize();
    apr_pool_create(&pool, NULL);
    n = cmocka_run_group_tests(tests, open_database, remove_database);
    apr_terminate();
    return n;
}
