// SPDX-License-Identifier: Apache-2.0
/*
 * Tests rc_data_check with faults that only manual changes of the database can cause.
 * t/61-rcapi-admin.t tests the rest.
 */
#include "env_fixture.h"

#include <sqlite3.h>

#include "domain/data.h"

static rc_db_t *db;

static rc_err_t *add_bob(void *baton, rc_db_t *in)
{
    rc_new_user_t bob = {.username = "bob", .active = true};
    rc_user_t *user;

    (void)baton;
    return rc_user_insert(&user, in, env->secret, &bob, pool);
}

/* Runs setup as rcapi-admin init does: adds what is missing and changes nothing else. */
static rc_err_t *set_up_again(void *baton, rc_db_t *in)
{
    (void)baton;
    return rc_default_user_setup(in, env->secret, true, pool);
}

static int begin(void **state)
{
    if (env_begin(state) || rc_db_acquire(&db, env->db_pool, pool) || rc_db_txn(db, add_bob, NULL))
        return -1;
    return 0;
}

static void sql(const char *text)
{
    sqlite3 *handle;
    char *message = NULL;

    assert_int_equal(sqlite3_open(in_dir("db"), &handle), SQLITE_OK);
    sqlite3_busy_timeout(handle, 5000);
    if (sqlite3_exec(handle, text, NULL, NULL, &message))
        fail_msg("%s: %s", text, message);
    sqlite3_close(handle);
}

/* Returns the messages of the check, one per line. */
static const char *problems(void)
{
    apr_array_header_t *list;

    ASSERT_OK(rc_data_check(&list, env, db, pool));
    return apr_array_pstrcat(pool, list, '\n');
}

static void check(void **state)
{
    static const struct {
        const char *breaks, *mends, *want;
    } rows[] = {
        {"DELETE FROM user_global_permission WHERE name LIKE 'hg.fork.%'",
         "INSERT INTO user_global_permission SELECT user_id, 'hg.fork.none' FROM users WHERE "
         "username = 'default'",
         "the default user has no permission row like hg.fork.repository: --repair adds it"},
        {"DELETE FROM user_global_permission", NULL,
         "the default user has no permission row like repository.read: --repair adds it\n"
         "the default user has no permission row like group.read: --repair adds it\n"
         "the default user has no permission row like usergroup.read: --repair adds it\n"
         "the default user has no permission row like hg.create.repository: --repair adds it\n"
         "the default user has no permission row like hg.repogroup.create.false: --repair adds it\n"
         "the default user has no permission row like hg.usergroup.create.false: --repair adds it\n"
         "the default user has no permission row like hg.create.write_on_repogroup.true: --repair "
         "adds it\n"
         "the default user has no permission row like hg.fork.repository: --repair adds it\n"
         "the default user has no permission row like hg.register.manual_activate: --repair adds "
         "it\n"
         "the default user has no permission row like hg.extern_activate.auto: --repair adds it\n"
         "the default user has no permission row like hg.inherit_default_perms.true: --repair adds "
         "it"},
        {"UPDATE users SET username = 'was-default' WHERE username = 'default'",
         "UPDATE users SET username = 'default' WHERE username = 'was-default'",
         "there is no default user: --repair makes it"},
        {"UPDATE users SET active = 0 WHERE username = 'admin'",
         "UPDATE users SET active = 1 WHERE username = 'admin'", "there is no active super-admin"},
        {"UPDATE api_key SET main = 0, description = 'was main' WHERE main = 1 AND user_id ="
         " (SELECT user_id FROM users WHERE username = 'bob')",
         "UPDATE api_key SET main = 1 WHERE description = 'was main'", "user bob has no main key"},
        {"UPDATE api_key SET sealed = zeroblob(68) WHERE main = 1 AND user_id ="
         " (SELECT user_id FROM users WHERE username = 'bob')",
         "UPDATE api_key SET sealed = NULL",
         "1 of 6 keys cannot be decrypted with the secret file: was it replaced?"},
        {"INSERT INTO user_ip (user_id, ip_addr) VALUES (4711, '10.0.0.1')", "DELETE FROM user_ip",
         "a row of table user_ip refers to a missing row"},
        {"INSERT INTO repo (repo_name, repo_type, owner_id, clone_uri, clone_uri_sealed,"
         " created_on, updated_on) SELECT 'gone', 'git', user_id, 'http://h/', zeroblob(40), 0, 0"
         " FROM users WHERE username = 'admin'",
         "DELETE FROM repo",
         "the clone_uri of repository gone cannot be decrypted with the secret file: bring the "
         "old secret back, or set the clone_uri again\n"
         "repository gone is in the database but not on the disk: cannot open the repository "},
    };
    size_t i;

    (void)state;
    assert_string_equal(problems(), "");
    for (i = 0; i < ROWS(rows); i++) {
        const char *got;

        sql(rows[i].breaks);
        got = problems();
        if (strncmp(got, rows[i].want, strlen(rows[i].want)))
            fail_msg("%s\nnot\n%s", got, rows[i].want);
        if (rows[i].mends)
            sql(rows[i].mends);
        else
            ASSERT_OK(rc_db_txn(db, set_up_again, NULL));
        assert_string_equal(problems(), "");
    }
}

static const struct CMUnitTest tests[] = {
    cmocka_unit_test(check),
};

int main(void)
{
    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
