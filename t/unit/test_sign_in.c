// SPDX-License-Identifier: Apache-2.0
/*
 * Tests how clients of version control sign in: what they may send, that anything wrong refuses
 * them, and that a password which was right is not checked again.
 */
#include "env_fixture.h"

#include "domain/sign_in.h"

static rc_db_t *db;
static const char *all, *vcs, *http;
static const char key[] = "0123456789abcdef0123456789abcdef01234567";

static rc_err_t *token(const char **out, const rc_user_t *user, rc_role_t role)
{
    const rc_new_token_t wanted = {user->id, role, RC_NEVER, NULL};

    return rc_token_create(out, db, env->secret, &wanted, pool);
}

static rc_err_t *fill(void *baton, rc_db_t *in)
{
    rc_new_user_t ann = {.username = "Ann", .email = "ann@example.org", .active = true};
    rc_new_user_t bob = {.username = "bob", .active = true, .key = key};
    rc_user_t *user;

    (void)baton;
    (void)in;
    RC_TRY(rc_password_hash(&ann.password_hash, NULL, "right", pool));
    RC_TRY(rc_password_hash(&bob.password_hash, NULL, "of bob", pool));
    RC_TRY(rc_user_insert(&user, db, env->secret, &ann, pool));
    RC_TRY(token(&all, user, RC_ROLE_ALL));
    RC_TRY(token(&vcs, user, RC_ROLE_VCS));
    RC_TRY(token(&http, user, RC_ROLE_HTTP));
    RC_TRY(rc_user_insert(&user, db, env->secret, &bob, pool));
    return rc_ip_add(db, user->id, "10.0.0.0/8", pool);
}

static int begin(void **state)
{
    if (env_begin(state) || rc_db_acquire(&db, env->db_pool, pool) || rc_db_txn(db, fill, NULL))
        return -1;
    return 0;
}

/* Returns "name refusal" for what a client sends. */
static const char *signs_in(rc_sign_in_t sent)
{
    rc_credentials_t credentials;
    rc_identity_t who;

    ASSERT_OK(rc_sign_in(&credentials, env, &sent, pool));
    ASSERT_OK(rc_identify(&who, db, &credentials, pool));
    return apr_psprintf(pool, "%s %d", who.caller ? who.caller->username : "-", who.refusal);
}

static const char *basic(const char *user, const char *password)
{
    return signs_in((rc_sign_in_t){.user = user, .password = password, .ip = "10.0.0.1"});
}

static const char *with_key(const char *sent)
{
    return signs_in((rc_sign_in_t){.key = sent, .ip = "10.0.0.1"});
}

static void passwords(void **unused)
{
    (void)unused;
    assert_string_equal(basic("ann", "right"), "Ann 0");
    assert_string_equal(basic("ann@example.org", "right"), "Ann 0");
    assert_string_equal(basic("ann", "wrong"), "- 1");
    assert_string_equal(basic("ann", ""), "- 1");
    assert_string_equal(basic("bob", "right"), "- 1");
    assert_string_equal(basic("", "right"), "- 1");
    assert_string_equal(basic(RC_TOKEN_USER, "right"), "- 1");
    assert_string_equal(basic("nobody", "right"), "- 1");
    assert_string_equal(basic("default", ""), "- 1");
    assert_string_equal(basic("", ""), "- 1");
}

static void tokens_as_passwords(void **unused)
{
    const char *names[] = {"Ann", "ANN", "ann@example.org", "", RC_TOKEN_USER};
    size_t i;

    (void)unused;
    for (i = 0; i < ROWS(names); i++) {
        assert_string_equal(basic(names[i], all), "Ann 0");
        assert_string_equal(basic(names[i], vcs), "Ann 0");
        assert_string_equal(basic(names[i], http), "Ann 4");
    }
    assert_string_equal(basic("bob", key), "bob 0");
    assert_string_equal(basic("bob", all), "- 1");
    assert_string_equal(basic("ann", key), "- 1");
    assert_string_equal(basic("nobody", all), "- 1");
    assert_string_equal(basic(all, ""), "- 1");
}

static void keys_of_headers(void **unused)
{
    (void)unused;
    assert_string_equal(with_key(all), "Ann 0");
    assert_string_equal(with_key(vcs), "Ann 0");
    assert_string_equal(with_key(http), "Ann 4");
    assert_string_equal(with_key("x"), "- 1");
    assert_string_equal(with_key(""), "- 1");
}

/* What comes first decides, though the rest is right. */
static void the_first_decides(void **unused)
{
    (void)unused;
    assert_string_equal(signs_in((rc_sign_in_t){NULL}), "default 0");
    assert_string_equal(signs_in((rc_sign_in_t){.login = "bob", .ip = "10.0.0.1"}), "bob 0");
    assert_string_equal(signs_in((rc_sign_in_t){.login = "nobody"}), "- 1");
    assert_string_equal(
        signs_in((rc_sign_in_t){.user = "ann", .password = "wrong", .login = "Ann"}), "- 1");
    assert_string_equal(
        signs_in((rc_sign_in_t){.key = "x", .user = "ann", .password = "right", .login = "Ann"}),
        "- 1");
    assert_string_equal(
        signs_in((rc_sign_in_t){.key = all, .user = "ann", .password = "wrong", .login = "bob"}),
        "Ann 0");
}

/* Also for a password that was right a moment ago. */
static void addresses(void **unused)
{
    rc_sign_in_t sent = {.user = "bob", .password = "of bob", .ip = "192.0.2.1"};

    (void)unused;
    assert_string_equal(basic("bob", "of bob"), "bob 0");
    assert_string_equal(signs_in(sent), "bob 3");
    sent.password = key;
    assert_string_equal(signs_in(sent), "bob 3");
    sent = (rc_sign_in_t){.login = "bob", .ip = "192.0.2.1"};
    assert_string_equal(signs_in(sent), "bob 3");
}

static const char *password_of_ann;

static rc_err_t *set_password(void *baton, rc_db_t *in)
{
    rc_user_change_t change = {.password_hash = password_of_ann};
    rc_user_t *user, *updated;

    (void)baton;
    RC_TRY(rc_store_user_by_name(&user, in, "Ann", pool));
    return rc_user_change(&updated, in, user, &change, pool);
}

static rc_err_t *deactivate(void *baton, rc_db_t *in)
{
    rc_user_t *user;

    RC_TRY(rc_store_user_by_name(&user, in, "Ann", pool));
    return rc_store_user_set_active(in, user->id, baton != NULL);
}

/* Checks what is sent while no password can be checked. */
static rc_err_t *without_checks(rc_credentials_t *credentials, const char *password)
{
    const rc_sign_in_t sent = {.user = "ann", .password = password};
    rc_limit_t *working = env->passwords.working, *waiting = env->passwords.waiting;
    rc_err_t *err;

    env->passwords.working = env->passwords.waiting = rc_limit_create(1, "full", pool);
    assert_true(rc_limit_add(env->passwords.working, 1));
    err = rc_sign_in(credentials, env, &sent, pool);
    env->passwords.working = working;
    env->passwords.waiting = waiting;
    return err;
}

static void a_right_password_is_remembered(void **unused)
{
    rc_credentials_t credentials;
    rc_err_t *err;

    (void)unused;
    assert_string_equal(basic("ann", "right"), "Ann 0");
    ASSERT_OK(without_checks(&credentials, "right"));
    assert_string_equal(credentials.login, "Ann");
    assert_non_null(err = without_checks(&credentials, "wrong"));
    assert_int_equal(err->kind, RC_E_BUSY);

    ASSERT_OK(rc_db_txn(db, deactivate, NULL));
    assert_string_equal(basic("ann", "right"), "- 1");
    assert_string_equal(basic("ann", all), "Ann 2");
    ASSERT_OK(rc_db_txn(db, deactivate, env));
    ASSERT_OK(without_checks(&credentials, "right"));

    /* the same password with another salt has another hash */
    ASSERT_OK(rc_password_hash(&password_of_ann, NULL, "right", pool));
    ASSERT_OK(rc_db_txn(db, set_password, NULL));
    assert_non_null(without_checks(&credentials, "right"));
    ASSERT_OK(rc_password_hash(&password_of_ann, NULL, "new", pool));
    ASSERT_OK(rc_db_txn(db, set_password, NULL));
    assert_string_equal(basic("ann", "right"), "- 1");
    assert_string_equal(basic("ann", "new"), "Ann 0");
}

static void memory_forgets(void **unused)
{
    rc_password_memory_t *memory;
    int i, known = 0;

    (void)unused;
    ASSERT_OK(rc_password_memory_create(&memory, apr_time_from_sec(3600), pool));
    assert_false(rc_password_known(memory, "hash", "x", pool));
    rc_password_remember(memory, "hash", "x", pool);
    assert_true(rc_password_known(memory, "hash", "x", pool));
    assert_false(rc_password_known(memory, "hash", "y", pool));
    assert_false(rc_password_known(memory, "hasi", "x", pool));
    assert_false(rc_password_known(memory, "hash", "", pool));
    for (i = 0; i < 5000; i++)
        rc_password_remember(memory, "hash", apr_psprintf(pool, "%d", i), pool);
    for (i = 0; i < 5000; i++)
        known += rc_password_known(memory, "hash", apr_psprintf(pool, "%d", i), pool);
    assert_in_range(known, 512, 1024);
    assert_true(rc_password_known(memory, "hash", "4999", pool)); /* the newest one is there */
    ASSERT_OK(rc_password_memory_create(&memory, 1, pool));
    rc_password_remember(memory, "hash", "x", pool);
    apr_sleep(1000);
    assert_false(rc_password_known(memory, "hash", "x", pool));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(passwords),       cmocka_unit_test(tokens_as_passwords),
        cmocka_unit_test(keys_of_headers), cmocka_unit_test(the_first_decides),
        cmocka_unit_test(addresses),       cmocka_unit_test(a_right_password_is_remembered),
        cmocka_unit_test(memory_forgets),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
