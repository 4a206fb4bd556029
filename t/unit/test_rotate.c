// SPDX-License-Identifier: Apache-2.0
/*
 * Tests rotation of the secret. A process dies before the n-th system call of it (dying.h); for
 * every n, the next process can show every key, and completes the rotation.
 */
#include "dying.h"
#include "unit.h"

#include <signal.h>
#include <sys/wait.h>

#include "store/sealed.h"
#include "domain/secret.h"
#include "store/setting.h"
#include "domain/user.h"

#define USERS 4

static rc_env_t *env;
static rc_db_t *db;

static rc_err_t *open_env(void)
{
    rc_env_config_t config;

    rc_env_defaults(&config);
    config.db.path = in_dir("db");
    config.db.create = true;
    config.repo_root = unit_dir;
    config.secret_file = in_dir("secret");
    RC_TRY(rc_env_open(&env, &config, pool));
    return rc_db_acquire(&db, env->db_pool, pool);
}

static rc_err_t *fill(void *baton, rc_db_t *in)
{
    rc_user_t *user;
    int i;

    (void)baton;
    for (i = 0; i < USERS; i++) {
        rc_new_user_t row = {.username = apr_psprintf(pool, "user%d", i),
                             .key = apr_psprintf(pool, "key of %d", i),
                             .active = true};

        RC_TRY(rc_user_insert(&user, in, env->secret, &row, pool));
    }
    return NULL;
}

/* Runs fn in a process of its own, so that nothing is cached. */
static int in_process(int (*fn)(void), long n)
{
    pid_t pid;
    int status;

    fflush(stdout);
    if (!(pid = fork())) {
        alarm(60);
        if (open_env())
            _exit(3);
        calls = 0;
        die_at = n;
        status = fn();
        die_at = -1;
        _exit(status);
    }
    assert_int_equal(waitpid(pid, &status, 0), pid);
    assert_true(WIFEXITED(status));
    return WEXITSTATUS(status);
}

static int rotate(void)
{
    rc_rotation_t done;

    return rc_sealed_rotate(&done, env, db, NULL, pool) ? 4 : 0;
}

static int set_up(void)
{
    return rc_db_txn(db, fill, NULL) ? 4 : 0;
}

/* Checks that all main keys can be decrypted and belong to their users. */
static int all_open(void)
{
    int i, j, open = 0;

    for (i = 0; i < USERS; i++) {
        rc_user_details_t details;
        rc_user_t *user;

        if (rc_store_user_by_name(&user, db, apr_psprintf(pool, "user%d", i), pool) ||
            rc_store_user_details(&details, db, user, pool))
            return 5;
        for (j = 0; j < details.keys->nelts; j++) {
            const rc_user_key_t *key = &APR_ARRAY_IDX(details.keys, j, rc_user_key_t);
            const char *clear;

            if (rc_key_clear(&clear, env->secret, key, pool))
                return 6;
            open += key->main && !strcmp(clear, apr_psprintf(pool, "key of %d", i));
        }
    }
    return open == USERS ? 0 : 7;
}

static const char *secret_text(char text[200])
{
    FILE *f = fopen(in_dir("secret"), "r");

    assert_non_null(f);
    text[fread(text, 1, 199, f)] = '\0';
    fclose(f);
    return text;
}

static int fits(void)
{
    const char *noted;
    bool fit;

    if (rc_sealed_check(&fit, env, db, pool) ||
        rc_store_setting(&noted, db, "secret_fingerprint", pool))
        return 8;
    return fit && noted && !strcmp(noted, rc_secret_fingerprint(env->secret, pool)) ? 0 : 9;
}

static void crash_anywhere(void **state)
{
    char before[200], after[200];
    long n;
    int end = DIED;

    (void)state;
    for (n = 0; end == DIED; n++) {
        secret_text(before);
        end = in_process(rotate, n);
        assert_true(end == DIED || !end);
        if (in_process(all_open, -1))
            fail_msg("killed before call %ld: keys are lost", n);
        assert_int_equal(in_process(rotate, -1), 0);
        assert_int_equal(in_process(all_open, -1), 0);
        assert_int_equal(in_process(fits, -1), 0);
        assert_int_equal(strlen(secret_text(after)), 65);
        assert_string_not_equal(before, after);
    }
    printf("# %ld calls\n", n - 1);
    assert_true(n > 10);
    assert_int_not_equal(access(in_dir("secret.new"), F_OK), 0);
}

/* A process that still has the former secret in memory reads and encrypts as all others do. */
static void other_processes_use_the_new_secret(void **state)
{
    const void *sealed;
    const char *clear, *former;
    int len;

    (void)state;
    ASSERT_OK(open_env());
    former = rc_secret_fingerprint(env->secret, pool);
    assert_int_equal(in_process(rotate, -1), 0);
    assert_int_equal(all_open(), 0);
    assert_string_not_equal(rc_secret_fingerprint(env->secret, pool), former);
    assert_int_equal(in_process(rotate, -1), 0);
    ASSERT_OK(rc_secret_seal(&sealed, &len, env->secret, "text", "x", pool));
    assert_int_equal(fits(), 0); /* so it was encrypted with the newest */
    ASSERT_OK(rc_secret_unseal(&clear, env->secret, sealed, len, "x", pool));
    assert_string_equal(clear, "text");
}

/* Only values that are encrypted with a secret in the file can be decrypted after the rotation. */
static void unreadable(void **state)
{
    rc_rotation_t done;
    bool fit;

    (void)state;
    assert_int_equal(rename(in_dir("secret"), in_dir("lost")), 0);
    ASSERT_OK(rc_secret_create(in_dir("secret"), pool));
    ASSERT_OK(open_env());
    ASSERT_OK(rc_sealed_check(&fit, env, db, pool));
    assert_false(fit);
    ASSERT_OK(rc_sealed_rotate(&done, env, db, NULL, pool));
    assert_int_equal(done.resealed, 0);
    assert_true(done.unreadable >= USERS);
    assert_int_equal(rename(in_dir("lost"), in_dir("secret")), 0);
    assert_int_equal(in_process(all_open, -1), 0);
}

static int begin(void **state)
{
    if (unit_begin(state) || rc_secret_create(in_dir("secret"), pool))
        return -1;
    return in_process(set_up, -1);
}

int main(void)
{
    static const struct CMUnitTest tests[] = {
        cmocka_unit_test(crash_anywhere),
        cmocka_unit_test(other_processes_use_the_new_secret),
        cmocka_unit_test(unreadable),
    };

    cmocka_set_message_output(CM_OUTPUT_TAP);
    return cmocka_run_group_tests(tests, begin, unit_end);
}
